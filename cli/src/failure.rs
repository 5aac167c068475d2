//! Why something could not be done.

use std::{fmt::Display, io};

use bpf_layout_emit::{render, write::WriteError};

/// Ends the command with status 2, or silently if nobody reads any more.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Whoever reads our output has closed it, as `head` does.
    BrokenPipe,
    /// Whole lines for standard error.
    Other(String),
}

impl Failure {
    /// `error: message`, with a line of help.
    pub(crate) fn new(message: impl Display, help: &str) -> Self {
        Failure::Other(format!("error: {message}\n  = help: {help}\n"))
    }
}

impl From<io::Error> for Failure {
    /// For standard output, the only stream that is written directly.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
            _ => Failure::Other(format!("error: cannot write to standard output: {error}\n")),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        Failure::Other(format!("error: {error}\n"))
    }
}

impl From<bpf_layout_spec::Failure> for Failure {
    fn from(failure: bpf_layout_spec::Failure) -> Self {
        Failure::Other(render::styled(&failure.diagnostics, &failure.sources))
    }
}
