//! Traces execve: who started what, from where, with which arguments, and what came of it.
//!
//! The event that the BPF program sends and the struct that is read here come from the same `layouts.toml`, as do the
//! maps; so there is no cast, no `unsafe` and no size written a second time.
#![forbid(unsafe_code)]

mod event;
mod json;
mod layouts;
mod options;
mod table;
mod totals;
mod tracer;

use std::{process::ExitCode, sync::Mutex};

use clap::Parser;
use tool::{Format, Output};

use crate::{options::Options, totals::Totals, tracer::Tracer};

fn main() -> ExitCode {
    let options = Options::parse();
    tool::exit("exec", run(&options))
}

fn run(options: &Options) -> Result<(), String> {
    let format = Format { columns: &table::COLUMNS, expendable: &table::EXPENDABLE, json: json::line };
    let output = Mutex::new(Output::new(format, &options.common));
    let hide = |totals: &mut Totals, printed| totals.hidden = totals.received - printed;
    tool::run(
        "exec",
        &layouts::summary(),
        &options.common,
        &output,
        |mut show| {
            Tracer::start(move |event| {
                if options.wants(event) {
                    show(event);
                }
            })
        },
        hide,
    )
}
