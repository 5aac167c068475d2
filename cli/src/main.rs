//! `cargo bpf-layout`: the layouts that BPF programs and Rust share, from the command line.
//!
//! Exit status: 0 if it agrees or is done, 1 if it differs, files would change or a budget is exceeded, 2 if it could not be done.
#![forbid(unsafe_code)]

mod args;
mod audit;
mod check;
mod diff;
mod failure;
mod generate;
mod init;
mod lock;
mod report;
mod schema;
mod show;
mod side;
mod spec_file;

use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{CommandFactory as _, Parser as _};

use crate::{
    args::{Cli, Task},
    failure::Failure,
};

fn main() -> ExitCode {
    let cli = Cli::parse_from(without_subcommand(std::env::args_os()));
    match run(&cli) {
        Ok(status) => status,
        Err(Failure::BrokenPipe) => ExitCode::SUCCESS,
        Err(Failure::Other(text)) => {
            // Nothing is left to tell if standard error is closed as well.
            let _ = anstream::stderr().write_all(text.as_bytes());
            ExitCode::from(2)
        }
    }
}

/// Cargo calls `cargo-bpf-layout bpf-layout ARGS` for `cargo bpf-layout ARGS`.
fn without_subcommand(arguments: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    arguments.enumerate().filter(|(index, word)| !(*index == 1 && word == "bpf-layout")).map(|(_, word)| word)
}

fn run(cli: &Cli) -> Result<ExitCode, Failure> {
    match &cli.task {
        Task::Init(options) => init::run(options),
        Task::Generate(options) => generate::run(options),
        Task::Show(options) => show::run(options),
        Task::Report(options) => report::run(options),
        Task::Check(options) => check::run(options),
        Task::Diff(options) => diff::run(options),
        Task::Audit(options) => audit::run(options),
        Task::Lock(options) => lock::run(options),
        Task::Schema(options) => schema::run(options),
        Task::Completions { shell } => completions(*shell),
    }
}

fn completions(shell: clap_complete::Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cargo-bpf-layout", &mut script);
    // A script for a shell to read: bytes as they are, never stripped of what looks like colour.
    io::stdout().write_all(&script)?;
    io::stdout().flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the whole text, without colour where standard output is no terminal.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Prints to standard error; whether anyone reads it changes nothing.
fn remark(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}
