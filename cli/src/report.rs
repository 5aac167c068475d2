//! `report`: what every map costs. Prints what the memory model says and reckons nothing.

mod advice;
mod detail;
mod html;
pub(crate) mod json;
mod kernel;
mod objects;
pub(crate) mod table;

use std::{mem, path::PathBuf, process::ExitCode};

use bpf_layout_memory::{
    Machine, Report, ReportError,
    budget::{Budgets, DEFAULT_CPUS},
    possible_cpus,
};
use bpf_layout_spec::{Loaded, model::Model};
use bpf_layout_usage::Document;

use objects::ObjectCost;

use crate::{
    args::{self, ReportFormat},
    audit::merge,
    failure::Failure,
    print, remark, spec_file,
};

/// A spec under one profile, and what its maps cost on each number of CPUs.
struct Side {
    loaded: Loaded,
    reports: Vec<Report>,
    /// For each of the reports, what the objects cost that were named.
    objects: Vec<Vec<ObjectCost>>,
}

impl Side {
    /// Has advice rely on what was seen in use.
    fn measured(&mut self, seen: &Document) {
        let peak = |map: &str| {
            let rows = seen.maps.iter().filter(|row| row.map.as_deref() == Some(map));
            rows.filter_map(|row| row.in_use.map(|in_use| in_use.peak)).max()
        };
        let reports = mem::take(&mut self.reports);
        let model = &self.loaded.layouts.model;
        self.reports = reports.into_iter().map(|report| report.measured(model, peak)).collect();
    }
}

pub(crate) fn run(options: &args::Report) -> Result<ExitCode, Failure> {
    let machine = machine(options.kernel.as_deref(), options.page_size)?;
    let cpus = cpus(&options.cpus)?;
    let mut side = side(&options.spec, &machine, &cpus, &options.object)?;
    if !options.audit.is_empty() {
        side.measured(&merge::read(&options.audit)?);
    }
    let before = match baseline(options)? {
        Some(spec) => Some(self::side(&spec, &machine, &cpus, &[])?),
        None => None,
    };
    let budgets = budgets(options, &side.loaded, machine)?;
    print(&match options.format {
        ReportFormat::Table => table::text(&side),
        ReportFormat::Json => json::text(&side, budgets.as_ref()),
        ReportFormat::Html => html::text(&side, before.as_ref(), budgets.as_ref()),
    })?;
    Ok(budgets.map_or(ExitCode::SUCCESS, |budgets| say(&budgets, &side.loaded)))
}

fn side(spec: &args::SpecOptions, machine: &Machine, cpus: &[u64], objects: &[PathBuf]) -> Result<Side, Failure> {
    let loaded = spec_file::load(spec)?;
    let reports = cpus.iter().map(|&cpus| Report::new(&loaded.layouts, &Machine { cpus, ..machine.clone() }));
    let reports: Vec<Report> = reports.collect::<Result<_, _>>().map_err(unknown_type)?;
    let model = &loaded.layouts.model;
    let objects = objects::contents(objects)?;
    let objects = reports.iter().map(|report| objects::costs(&objects, model, report)).collect::<Result<_, _>>()?;
    Ok(Side { loaded, reports, objects })
}

/// What `--compare` asks for: the same spec under another profile.
fn baseline(options: &args::Report) -> Result<Option<args::SpecOptions>, Failure> {
    match (&options.compare, options.format) {
        (None, _) => Ok(None),
        (Some(profile), ReportFormat::Html) => {
            Ok(Some(args::SpecOptions { spec: options.spec.spec.clone(), profile: Some(profile.clone()) }))
        }
        (Some(profile), ReportFormat::Table | ReportFormat::Json) => Err(Failure::new(
            "`--compare` needs `--format html`",
            &format!("for text and JSON: `cargo bpf-layout diff layouts.toml#{profile} layouts.toml`"),
        )),
    }
}

/// One CPU with the kernel that was asked for.
pub(crate) fn machine(kernel: Option<&str>, page_size: Option<u64>) -> Result<Machine, Failure> {
    let mut machine = Machine::new(kernel::find(kernel)?, 1);
    machine.page_size = page_size.unwrap_or(machine.page_size);
    Ok(machine)
}

/// The numbers of CPUs to report for, at least one.
pub(crate) fn cpus(asked: &[u32]) -> Result<Vec<u64>, Failure> {
    if !asked.is_empty() {
        return Ok(asked.iter().copied().map(u64::from).collect());
    }
    let possible = possible_cpus().map_err(|error| {
        Failure::new(format_args!("cannot tell how many CPUs this machine can have: {error}"), "say it: `--cpus N`")
    })?;
    Ok(vec![possible])
}

/// The spec's budgets against the largest machine; `None` if it has none.
fn budgets(options: &args::Report, loaded: &Loaded, machine: Machine) -> Result<Option<Budgets>, Failure> {
    let model = &loaded.layouts.model;
    if !Budgets::exist(model) {
        return Ok(None);
    }
    let machine = Machine { cpus: budget_cpus(options, model), ..machine };
    Budgets::check(&loaded.layouts, &machine).map(Some).map_err(unknown_type)
}

/// `[budget] cpus`, or what `--cpus` says, or the default.
fn budget_cpus(options: &args::Report, model: &Model) -> u64 {
    let own = model.budget.and_then(|budget| budget.cpus);
    own.or(options.cpus.iter().max().copied()).map_or(DEFAULT_CPUS, u64::from)
}

/// Says what is over its budget.
fn say(budgets: &Budgets, loaded: &Loaded) -> ExitCode {
    let model = &loaded.layouts.model;
    for warning in budgets.warnings(model) {
        remark(&format!("warning: {warning}\n"));
    }
    remark(&budgets.errors(model, &loaded.sources));
    if budgets.hold() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

pub(crate) fn unknown_type(error: ReportError) -> Failure {
    Failure::new(error, "report for a kernel that has them: `--kernel NAME`, such as 7.3.4+deb13-amd64")
}
