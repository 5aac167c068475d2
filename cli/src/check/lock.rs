//! `--lock`: what was committed against the spec.

use std::{io, path::PathBuf};

use bpf_layout_check::styled_locked;
use bpf_layout_emit::render::{self, Finding};
use bpf_layout_spec::{
    Loaded,
    diag::{Label, Severity},
    file,
    lock::{self, Error, Lock},
    source::Sources,
};

use super::{objects::found, section::Section};
use crate::{args::Check, failure::Failure, spec_file};

/// What to do about a lock that does not agree.
const HELP: &str = "write it again with `cargo bpf-layout lock`, and commit it if the change is meant";

/// A lock has the spec under every profile, so it does not matter which of them was asked for.
pub(super) fn check(options: &Check, _: &Loaded) -> Result<Section, Failure> {
    let spec = spec_file::path(options.spec.spec.as_deref())?;
    let (base, profiles) = lock::load_all(&spec)?;
    let path = options.lock.clone().flatten().unwrap_or_else(|| lock::path_of(&spec));
    let lock = read(&path)?;
    let name = path.display().to_string();
    let differences = lock.stale(&base.layouts, &profiles, &name);
    let human = match differences.len() {
        0 => format!("{name} is up to date\n"),
        count => {
            let s = if count == 1 { "" } else { "s" };
            format!(
                "{}\n{count} difference{s}: {name} is stale\n  = help: {HELP}\n",
                styled_locked(&differences, &base.sources)
            )
        }
    };
    let found = differences.iter().map(|difference| found(difference, &base.sources)).collect();
    Ok(Section { human, found, ..Section::default() })
}

fn read(path: &PathBuf) -> Result<Lock, Failure> {
    let text = file::read_text(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::new(
            format_args!("there is no `{}`", path.display()),
            "write it with `cargo bpf-layout lock`, and commit it",
        ),
        _ => Failure::new(
            format_args!("cannot read `{}`: {error}", path.display()),
            "`--lock` takes a file that `cargo bpf-layout lock` has written",
        ),
    })?;
    Lock::parse(&text).map_err(|error| {
        let mut sources = Sources::default();
        sources.add(path, text.as_str());
        Failure::Other(render::styled_findings(&[finding(error)], &sources))
    })
}

/// Where and why a lock cannot be read.
fn finding(error: Error) -> Finding {
    Finding {
        id: "lock",
        severity: Severity::Error,
        message: error.message,
        primary: Some(Label { span: error.span, text: String::new() }),
        secondary: Vec::new(),
        notes: Vec::new(),
        excerpt: None,
        help: vec![error.help.to_owned()],
    }
}
