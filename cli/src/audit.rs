//! `audit`: what loaded maps cost and how much of that is used, and what to write instead.
//!
//! A round gives a [`Document`]; rounds, runs and machines are added up; proposals follow from the sum.

mod edit;
#[cfg(target_os = "linux")]
mod live;
pub(crate) mod merge;
mod places;
mod propose;
mod table;
mod uses;
#[cfg(target_os = "linux")]
mod watch;

use std::process::ExitCode;

use bpf_layout_memory::Machine;
use bpf_layout_spec::Loaded;
use bpf_layout_usage::Document;
use serde::Serialize;

use self::propose::{Aim, Proposal};
use crate::{
    args::{Audit, AuditFormat, SpecOptions},
    failure::Failure,
    print, remark, report, spec_file,
};

/// What an audit is made with.
struct Setting<'a> {
    options: &'a Audit,
    loaded: Option<Loaded>,
    machine: Machine,
}

pub(crate) fn run(options: &Audit) -> Result<ExitCode, Failure> {
    let loaded = spec(options)?;
    let merged = if options.merge.is_empty() { None } else { Some(merge::read(&options.merge)?) };
    let setting = Setting { options, loaded, machine: machine(merged.as_ref())? };
    if options.watch.is_some() {
        watching(&setting)?;
        return Ok(ExitCode::SUCCESS);
    }
    let document = setting.judge(merged.map_or_else(|| sample(&setting), Ok)?);
    print(&match options.format {
        AuditFormat::Table => setting.table(&document),
        AuditFormat::Json => document.to_json() + "\n",
    })?;
    if let Some(loaded) = setting.loaded.as_ref().filter(|_| options.write) {
        remark(&edit::write(loaded, &document.proposals)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// The spec that was asked for. Without one, maps are only counted.
fn spec(options: &Audit) -> Result<Option<Loaded>, Failure> {
    if options.spec.is_none() {
        return Ok(None);
    }
    spec_file::load(&SpecOptions { spec: options.spec.clone(), profile: options.profile.clone() }).map(Some)
}

/// The machine that savings are reckoned for: this one, or one with as many CPUs as the largest that was merged.
fn machine(merged: Option<&Document>) -> Result<Machine, Failure> {
    let largest = merged.map(|document| document.machines.iter().map(|machine| machine.cpus).max().unwrap_or(1));
    let cpus = largest.map_or_else(|| report::cpus(&[]).map(|cpus| cpus.first().copied().unwrap_or(1)), Ok)?;
    Ok(Machine { cpus, ..report::machine(None, None)? })
}

/// What was found, and what follows from it.
#[derive(Debug, Serialize)]
struct Judged {
    #[serde(flatten)]
    document: Document,
    proposals: Vec<Proposal>,
    /// What speaks against a proposal, in words.
    notes: Vec<String>,
}

impl Judged {
    /// What was found, of which nothing follows.
    fn of(document: Document) -> Self {
        Judged { document, proposals: Vec::new(), notes: Vec::new() }
    }

    /// One line of JSON.
    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialise")
    }
}

impl Setting<'_> {
    /// With what follows from the figures.
    fn judge(&self, document: Document) -> Judged {
        let Some(loaded) = &self.loaded else { return Judged::of(document) };
        let aim = Aim { cover: self.options.cover, headroom: self.options.headroom };
        let (proposals, notes) = propose::propose(&document, loaded, &self.machine, aim);
        Judged { document, proposals, notes }
    }

    fn table(&self, judged: &Judged) -> String {
        let layouts = self.loaded.as_ref().map(|loaded| &loaded.layouts);
        let together = layouts.and_then(|layouts| {
            let numbers: Vec<_> = judged.proposals.iter().map(|proposal| (proposal.knob, proposal.to)).collect();
            propose::saved(layouts, &self.machine, &numbers).filter(|_| numbers.len() > 1)
        });
        table::text(judged, together)
    }
}

fn sample(setting: &Setting<'_>) -> Result<Document, Failure> {
    #[cfg(target_os = "linux")]
    return live::sample(setting, true);
    #[cfg(not(target_os = "linux"))]
    Err(elsewhere(setting))
}

fn watching(setting: &Setting<'_>) -> Result<(), Failure> {
    #[cfg(target_os = "linux")]
    return watch::run(setting);
    #[cfg(not(target_os = "linux"))]
    Err(elsewhere(setting))
}

#[cfg(not(target_os = "linux"))]
fn elsewhere(_: &Setting<'_>) -> Failure {
    Failure::new(
        "`audit` asks the running kernel, and this is not Linux",
        "run it with `--format json` on the machine that has the maps, and merge what it prints: `--merge FILE`",
    )
}
