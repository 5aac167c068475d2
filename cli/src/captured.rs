//! The command run inside a test, what it prints kept instead of printed. Fuzzing runs it thousands of times a second.

use std::{cell::RefCell, ffi::OsString};

use clap::Parser as _;

use crate::{Cli, Failure, run};

/// What a run of the command came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// Standard output, as a terminal would get it.
    pub out: String,
    /// Standard error, likewise.
    pub err: String,
    /// Whether it could do what was asked: its status is not 2.
    pub done: bool,
}

thread_local! {
    static CAPTURED: RefCell<Option<Captured>> = const { RefCell::new(None) };
}

/// Runs the command with these arguments, without its name.
#[doc(hidden)]
pub fn captured(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Captured {
    let name = OsString::from("cargo-bpf-layout");
    let cli = match Cli::try_parse_from(std::iter::once(name).chain(arguments.into_iter().map(Into::into))) {
        Ok(cli) => cli,
        Err(error) => return Captured { err: error.to_string(), ..Captured::default() },
    };
    CAPTURED.set(Some(Captured::default()));
    let result = run(&cli);
    let mut captured = CAPTURED.take().unwrap_or_default();
    match result {
        Ok(_) => captured.done = true,
        Err(Failure::Other(text)) => captured.err += &text,
        Err(Failure::BrokenPipe) => {}
    }
    captured
}

/// Takes what goes to standard output, if this thread's is captured.
pub(crate) fn out(text: &str) -> bool {
    CAPTURED.with_borrow_mut(|captured| captured.as_mut().map(|captured| captured.out += text)).is_some()
}

/// Takes what goes to standard error, if this thread's is captured.
pub(crate) fn err(text: &str) -> bool {
    CAPTURED.with_borrow_mut(|captured| captured.as_mut().map(|captured| captured.err += text)).is_some()
}
