//! Tells who does what to which file, and what came of it.
#![forbid(unsafe_code)]

mod event;
mod json;
mod layouts;
mod options;
mod path;
mod table;
mod totals;
mod tracer;

use std::{process::ExitCode, sync::Mutex};

use clap::Parser;
use tool::{Format, Output};

use crate::{options::Options, totals::Totals, tracer::Tracer};

fn main() -> ExitCode {
    let options = Options::parse();
    tool::exit("fsnotify", run(&options))
}

fn run(options: &Options) -> Result<(), String> {
    let format = Format { columns: &table::COLUMNS, expendable: &table::EXPENDABLE, json: json::line };
    let output = Mutex::new(Output::new(format, &options.common));
    tool::run(
        "fsnotify",
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
        |totals: &mut Totals, printed| totals.hidden = totals.received - printed,
    )
}
