//! Where events go: the filters, the format, and stdout.

use std::{
    io::{self, BufWriter, Stdout, Write},
    mem,
};

use bpf_layout::libbpf::BootClock;
use rustix::termios;

use crate::{json, layouts::ExecEvent, options::Options, table::Table};

/// Prints the events that were asked for.
pub(crate) struct Output<'a> {
    options: &'a Options,
    clock: BootClock,
    table: Table,
    out: BufWriter<Stdout>,
    printed: u64,
    /// The first thing that went wrong, kept until somebody asks.
    result: io::Result<()>,
}

impl<'a> Output<'a> {
    /// To stdout.
    pub(crate) fn new(options: &'a Options) -> Self {
        Output {
            options,
            clock: BootClock::now(),
            table: Table::new(terminal_width()),
            out: BufWriter::new(io::stdout()),
            printed: 0,
            result: Ok(()),
        }
    }

    /// The titles of the table.
    pub(crate) fn header(&mut self) {
        if !self.options.json {
            let header = self.table.header();
            self.write(&header);
        }
    }

    /// One event, unless it was filtered out, nothing more can be printed, or enough has been.
    pub(crate) fn show(&mut self, event: &ExecEvent) {
        if self.is_done() || !self.is_wanted(event) {
            return;
        }
        if self.options.json {
            match json::line(event, self.clock) {
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
    pub(crate) fn flush(&mut self) {
        if self.result.is_ok() {
            self.result = self.out.flush();
        }
        self.table = Table::new(terminal_width());
    }

    /// Whether nothing will be printed any more: `--count` is reached or stdout is gone.
    pub(crate) fn is_done(&self) -> bool {
        self.result.is_err() || self.options.count.is_some_and(|count| self.printed >= count)
    }

    /// Lines of events.
    pub(crate) fn printed(&self) -> u64 {
        self.printed
    }

    /// The first error since the last call.
    ///
    /// # Errors
    /// If stdout could not be written to.
    pub(crate) fn take_result(&mut self) -> io::Result<()> {
        mem::replace(&mut self.result, Ok(()))
    }

    fn is_wanted(&self, event: &ExecEvent) -> bool {
        let Options { uid, comm, no_failed, .. } = self.options;
        uid.is_none_or(|uid| event.uid == uid)
            && comm.as_ref().is_none_or(|comm| event.comm.as_bytes() == comm.as_bytes())
            && (!no_failed || event.retval == 0)
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
