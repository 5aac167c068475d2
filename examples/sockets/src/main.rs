//! Names the owner of each packet: which process opened the socket that it comes from or goes to.
#![forbid(unsafe_code)]

mod cgroup;
mod json;
mod layouts;
mod options;
mod owners;
mod packet;
mod table;
mod totals;
mod tracer;

use std::{process::ExitCode, sync::Mutex};

use clap::Parser;
use tool::{Format, Output};

use crate::{options::Options, totals::Totals, tracer::Tracer};

fn main() -> ExitCode {
    let options = Options::parse();
    tool::exit("sockets", run(&options))
}

fn run(options: &Options) -> Result<(), String> {
    let format = Format { columns: &table::COLUMNS, expendable: &table::EXPENDABLE, json: json::line };
    let output = Mutex::new(Output::new(format, &options.common));
    tool::run(
        "sockets",
        &layouts::summary(),
        &options.common,
        &output,
        |mut show| {
            Tracer::start(options.path_age, move |event| {
                if options.wants(event) {
                    show(event);
                }
            })
        },
        |totals: &mut Totals, printed| totals.hidden = totals.received - printed,
    )
}
