//! `generate`: the C header and the Rust types, as files.

use std::{mem::ManuallyDrop, process::ExitCode};

use bpf_layout_emit::{files, write};

use crate::{args::Generate, failure::Failure, print, spec_file};

pub(crate) fn run(options: &Generate) -> Result<ExitCode, Failure> {
    // The process ends here, and its memory goes as a whole.
    let loaded = ManuallyDrop::new(spec_file::load(&options.spec)?);
    let outputs = files::generated(&loaded.layouts, &options.out_dir);
    if options.check {
        return check(&outputs);
    }
    let written = write::write_if_changed(&outputs)?;
    let mut text = String::new();
    for output in &outputs {
        let word = if written.contains(&output.path.as_path()) { "wrote" } else { "unchanged" };
        text += &format!("{word:<9} {}\n", output.path.display());
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn check(outputs: &[write::Output]) -> Result<ExitCode, Failure> {
    let stale = write::changed(outputs)?;
    let mut text = String::new();
    for path in &stale {
        let word = if path.exists() { "out of date" } else { "missing" };
        text += &format!("{word:<11} {}\n", path.display());
    }
    print(&text)?;
    Ok(if stale.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
