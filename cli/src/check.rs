//! `check`: one gate for each kind of witness, one output for all of them.
//!
//! Each gate is a module that holds the spec against its witness and gives a [`Section`]; the formats print sections and
//! know nothing of gates.

mod against;
mod github;
mod json;
#[cfg(target_os = "linux")]
pub(crate) mod live;
mod lock;
pub(crate) mod objects;
mod rules;
mod sarif;
mod section;
mod sources;

use std::{path::Path, process::ExitCode};

use bpf_layout_spec::{diag::Severity, suggest};

use self::section::Section;
use crate::{
    args::{Check, CheckFormat},
    failure::Failure,
    print, spec_file,
};

pub(crate) fn run(options: &Check) -> Result<ExitCode, Failure> {
    let gates = gates(options);
    if gates.is_empty() {
        return Err(Failure::new(
            "there is nothing to check the spec against",
            "name the BPF objects that were built, `--object target/.../out/tracer.bpf.o`; or `--live`, for what is loaded; or \
             C sources, `--source src/bpf/tracer.bpf.c`; or an older version of the spec, `--against main`; or `--lock`, for \
             what is committed",
        ));
    }
    options.deny.iter().try_for_each(|rule| known(rule))?;
    let loaded = spec_file::load(&options.spec)?;
    let mut sections = gates.iter().map(|gate| gate(options, &loaded)).collect::<Result<Vec<_>, _>>()?;
    for found in sections.iter_mut().flat_map(|section| &mut section.found) {
        found.severity = severity(options, found.code, found.severity);
    }
    print(&match options.format {
        CheckFormat::Human => sections.iter().map(|section| section.human.as_str()).collect(),
        CheckFormat::Json => json::text(&sections),
        CheckFormat::Github => github::text(&sections),
        CheckFormat::Sarif => sarif::text(&sections, spec_path(&loaded)),
    })?;
    Ok(if sections.iter().all(Section::is_ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Refuses what is no rule, so that a misspelt one does not go unnoticed.
fn known(rule: &str) -> Result<(), Failure> {
    let rules = rules::all();
    if rules.iter().any(|known| known.id == rule) {
        return Ok(());
    }
    let help = match suggest::nearest(rule, rules.iter().map(|known| known.id)) {
        Some(nearest) => format!("write `{nearest}`"),
        None => "docs/checks.md, docs/breaking-changes.md and docs/literals.md list the rules".to_owned(),
    };
    Err(Failure::new(format_args!("there is no rule `{rule}` to deny"), &help))
}

/// How severe a finding is after `--deny` and `--deny-warnings`.
fn severity(options: &Check, code: &str, severity: Severity) -> Severity {
    let denied = options.deny_warnings || options.deny.iter().any(|rule| rule == code);
    if denied { Severity::Error } else { severity }
}

/// The spec as it was named, or found.
fn spec_path(loaded: &bpf_layout_spec::Loaded) -> &Path {
    loaded.sources.paths().next().unwrap_or(Path::new("layouts.toml"))
}

type Gate = fn(&Check, &bpf_layout_spec::Loaded) -> Result<Section, Failure>;

/// The gates that were asked for.
fn gates(options: &Check) -> Vec<Gate> {
    let mut gates: Vec<Gate> = Vec::new();
    if !options.object.is_empty() {
        gates.push(objects::check);
    }
    if options.live {
        gates.push(live);
    }
    if !options.source.is_empty() {
        gates.push(sources::check);
    }
    if options.against.is_some() {
        gates.push(against::check);
    }
    if options.lock.is_some() {
        gates.push(lock::check);
    }
    gates
}

/// `--live`: what is loaded against the spec.
fn live(options: &Check, loaded: &bpf_layout_spec::Loaded) -> Result<Section, Failure> {
    #[cfg(target_os = "linux")]
    return live::check(options, loaded);
    #[cfg(not(target_os = "linux"))]
    Err(Failure::new(
        "`--live` asks the running kernel, and this is not Linux",
        "run it on the machine that has the maps",
    ))
}
