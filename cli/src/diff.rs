//! `diff`: what changed between two specs. Prints what the comparison and the memory model say.

mod costs;
mod human;
mod json;
mod markdown;
mod words;

use std::process::ExitCode;

use bpf_layout_memory::{Machine, Report};
use bpf_layout_spec::{
    breaking::{Finding, compare},
    diff::{Change, diff},
};

use self::costs::Costs;
use crate::{
    args::{self, DiffFormat},
    failure::Failure,
    print, report,
    side::{self, Side},
};

/// Everything that there is to print.
struct Outcome {
    old: Side,
    new: Side,
    changes: Vec<Change>,
    /// What they mean, for whom.
    findings: Vec<Finding>,
    machine: Machine,
    /// Whether every `memlock` is to the byte.
    exact: bool,
    costs: Costs,
}

pub(crate) fn run(options: &args::Diff) -> Result<ExitCode, Failure> {
    let (old, new) = (Side::load(&options.old)?, Side::load(&options.new)?);
    side::warn(&old, &new);
    let mut machine = report::machine(options.kernel.as_deref(), options.page_size)?;
    machine.cpus = report::cpus(options.cpus.as_slice())?[0];
    let reckon = |side: &Side| Report::new(&side.loaded.layouts, &machine).map_err(report::unknown_type);
    let (before, after) = (reckon(&old)?, reckon(&new)?);
    let changes = diff(&old.loaded.layouts, &new.loaded.layouts);
    let findings = compare(&old.loaded.layouts, &new.loaded.layouts);
    let costs = Costs::new((&old.loaded.layouts.model, &before), (&new.loaded.layouts.model, &after));
    let exact = before.is_exact() && after.is_exact();
    let outcome = Outcome { old, new, changes, findings, machine, exact, costs };
    print(&match options.format {
        DiffFormat::Human => human::text(&outcome),
        DiffFormat::Json => json::text(&outcome),
        DiffFormat::Markdown => markdown::text(&outcome),
    })?;
    Ok(ExitCode::SUCCESS)
}
