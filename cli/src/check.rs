//! `check`: one gate for each kind of witness, one output for all of them.
//!
//! Each gate is a module that holds the spec against its witness and gives a [`Section`]; the formats print sections and
//! know nothing of gates.

mod github;
mod json;
#[cfg(target_os = "linux")]
pub(crate) mod live;
mod objects;
mod section;

use std::process::ExitCode;

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
            "name the BPF objects that were built: `--object target/.../out/tracer.bpf.o`; or `--live`, for what is loaded",
        ));
    }
    let loaded = spec_file::load(&options.spec)?;
    let sections = gates.iter().map(|gate| gate(options, &loaded)).collect::<Result<Vec<_>, _>>()?;
    print(&match options.format {
        CheckFormat::Human => sections.iter().map(|section| section.human.as_str()).collect(),
        CheckFormat::Json => json::text(&sections),
        CheckFormat::Github => github::text(&sections),
    })?;
    Ok(if sections.iter().all(Section::is_ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
