//! Where events go: the format, and stdout.

use std::{
    io::{self, BufWriter, Stdout, Write},
    mem,
};

use bpf_layout::libbpf::BootClock;
use rustix::termios;

use crate::{
    options::Common,
    table::{Column, Table},
};

/// How a tool prints its events.
pub struct Format<E: 'static> {
    /// Columns of the table.
    pub columns: &'static [Column<E>],
    /// Titles of columns, the first to go where the terminal is too narrow.
    pub expendable: &'static [&'static str],
    /// An event as one line of JSON.
    pub json: fn(&E, BootClock) -> serde_json::Result<String>,
}

/// Prints events.
pub struct Output<E: 'static> {
    format: Format<E>,
    options: Common,
    clock: BootClock,
    table: Table<E>,
    out: BufWriter<Stdout>,
    printed: u64,
    /// The first thing that went wrong, kept until somebody asks.
    result: io::Result<()>,
}

impl<E> Output<E> {
    /// To stdout.
    #[must_use]
    pub fn new(format: Format<E>, options: &Common) -> Self {
        Output {
            table: Table::new(format.columns, format.expendable, terminal_width()),
            format,
            options: options.clone(),
            clock: BootClock::now(),
            out: BufWriter::new(io::stdout()),
            printed: 0,
            result: Ok(()),
        }
    }

    /// The titles of the table.
    pub fn header(&mut self) {
        if !self.options.json {
            let header = self.table.header();
            self.write(&header);
        }
    }

    /// One event, unless nothing more can be printed, or enough has been.
    pub fn show(&mut self, event: &E) {
        if self.is_done() {
            return;
        }
        if self.options.json {
            match (self.format.json)(event, self.clock) {
                Ok(line) => self.write(&line),
                Err(error) => self.result = Err(error.into()),
            }
        } else {
            let row = self.table.row(event, self.clock);
            self.write(&row);
        }
        if self.result.is_ok() {
            self.printed += 1;
        }
    }

    /// Hands over what was printed so far, and follows the terminal to a new size.
    pub fn flush(&mut self) {
        if self.result.is_ok() {
            self.result = self.out.flush();
        }
        self.table = Table::new(self.format.columns, self.format.expendable, terminal_width());
    }

    /// Whether nothing will be printed any more: `--count` is reached or stdout is gone.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.result.is_err() || self.options.count.is_some_and(|count| self.printed >= count)
    }

    /// Lines of events.
    #[must_use]
    pub fn printed(&self) -> u64 {
        self.printed
    }

    /// The first error since the last call.
    ///
    /// # Errors
    /// If stdout could not be written to.
    pub fn take_result(&mut self) -> io::Result<()> {
        mem::replace(&mut self.result, Ok(()))
    }

    fn write(&mut self, line: &str) {
        self.result = writeln!(self.out, "{line}");
    }
}

/// Columns of the terminal that stdout is; `None` if it is none.
fn terminal_width() -> Option<usize> {
    let size = termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}
