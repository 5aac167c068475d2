//! `generate`: the C header and the Rust types, as files.

use std::{mem::ManuallyDrop, process::ExitCode};

use bpf_layout_emit::{
    files::{self, Written},
    write,
};

use crate::{args::Generate, failure::Failure, print, spec_file};

pub(crate) fn run(options: &Generate) -> Result<ExitCode, Failure> {
    // The process ends here, and its memory goes as a whole.
    let loaded = ManuallyDrop::new(spec_file::load(&options.spec)?);
    if options.check {
        return check(&files::generated(&loaded.layouts, &options.out_dir));
    }
    let mut text = String::new();
    for Written { path, changed } in files::write(&loaded.layouts, &options.out_dir)? {
        let word = if changed { "wrote" } else { "unchanged" };
        text += &format!("{word:<9} {}\n", path.display());
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
