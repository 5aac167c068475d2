//! `check`: does what was built agree with the spec?

mod github;
mod human;
mod json;

use std::{fs, path::Path, process::ExitCode};

use bpf_layout_check as check;

use crate::{
    args::{Check, CheckFormat},
    failure::Failure,
    print, spec_file,
};

pub(crate) fn run(options: &Check) -> Result<ExitCode, Failure> {
    if options.object.is_empty() {
        return Err(Failure::new(
            "there is nothing to check the spec against",
            "name the BPF objects that were built: `--object target/.../out/tracer.bpf.o`",
        ));
    }
    let loaded = spec_file::load(&options.spec)?;
    let names: Vec<String> = options.object.iter().map(|path| path.display().to_string()).collect();
    let contents = options.object.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let objects = names.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice));
    let outcome =
        check::check(&loaded.layouts, objects).map_err(|error| Failure::Other(format!("error: {error}\n")))?;
    print(&match options.format {
        CheckFormat::Human => human::text(&outcome, &loaded.sources, names.len()),
        CheckFormat::Json => json::text(&outcome, &loaded.sources),
        CheckFormat::Github => github::text(&outcome, &loaded.sources),
    })?;
    Ok(if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        Failure::new(
            format_args!("cannot read `{}`: {error}", path.display()),
            "`--object` takes a BPF object that was built",
        )
    })
}
