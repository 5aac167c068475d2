//! Measures what the tools of the case study cost in each profile of `layouts.toml`, beside what was predicted:
//! `cargo xtask case-study` builds them and runs this. docs/case-study.md holds what it prints.
#![forbid(unsafe_code)]

mod load;
mod measure;
mod measured;
mod predicted;
mod spec;
mod stats;
mod table;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

/// Measures what the tools cost, in each profile of layouts.toml.
///
/// Without a folder it only tells what the maps will cost on the named kernel, which needs neither root nor BPF.
#[derive(Debug, Parser)]
struct Options {
    /// The folder that has the built tools: PROFILE/TOOL
    tools: Option<PathBuf>,

    /// Print tables in Markdown
    #[arg(long)]
    markdown: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("case-study: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    println!("{}\n", predicted::CAPTION);
    println!("{}", predicted::table()?.text(options.markdown));
    if let Some(tools) = &options.tools {
        print!("{}", measured::report(tools, options.markdown)?);
    }
    Ok(())
}
