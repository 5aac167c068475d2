//! Budgets: what maps may cost, and the ways back under it.
//!
//! Compared is `memlock` with every entry in use, on as many CPUs as `[budget] cpus` says: what the kernel will show
//! whoever looks, at its worst. Where the memory really taken is over the budget and `memlock` is not, that is a warning.

mod ways;

use bpf_layout_spec::{
    layout::Layouts,
    model::{MapId, Model},
    source::{Sources, Span},
};

pub use self::ways::Way;
use crate::{
    machine::Machine,
    map::{MapType, NO_PREALLOC},
    report::{Report, ReportError},
    sizes::Source,
    text,
};

/// CPUs that budgets are checked for where `[budget] cpus` is missing: a large server's. The same everywhere, so that a
/// build does not depend on the machine it runs on.
pub const DEFAULT_CPUS: u64 = 64;

/// Budgets whose ways back are told, those that are exceeded by most: each takes hundreds of layouts of the whole spec.
const MOST_EXPLAINED: usize = 4;

/// What has a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One map.
    Map(MapId),
    /// The maps of a group together: index into `Model::groups`.
    Group(usize),
    /// All maps together.
    Total,
}

impl Scope {
    /// What it is, as the subject of a sentence.
    #[must_use]
    pub fn text(self, model: &Model) -> String {
        match self {
            Scope::Map(id) => format!("`{}`", model.map(id).name.spec),
            Scope::Group(index) => format!("the maps of group `{}` together", model.groups[index].name),
            Scope::Total => "all maps together".into(),
        }
    }

    /// Whether [`Scope::text`] takes a verb in the plural.
    const fn is_plural(self) -> bool {
        matches!(self, Scope::Group(_) | Scope::Total)
    }
}

/// A budget, and what is over it.
#[derive(Clone, Debug)]
pub struct Excess {
    /// What is over its budget.
    pub scope: Scope,
    /// Where the budget, or the map that it is of, is written.
    pub span: Span,
    /// What it may cost, in bytes.
    pub budget: u64,
    /// What the kernel will report of it, every entry in use.
    pub memlock_full: u64,
    /// What it will really take.
    pub real_full: u64,
    /// What to change, the best first; empty if only the real figure is over, or many others are over by more.
    pub ways: Vec<Way>,
    /// What it takes before it is used if it is not preallocated, where that can be chosen: `real` and `real_full`.
    pub without_prealloc: Option<(u64, u64)>,
}

impl Excess {
    fn new(scope: Scope, span: Span, budget: u64, (memlock_full, real_full): (u64, u64)) -> Self {
        Excess { scope, span, budget, memlock_full, real_full, ways: Vec::new(), without_prealloc: None }
    }

    /// Whether it is an error: what the kernel reports is over the budget, not only what is really taken.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.memlock_full > self.budget
    }

    /// The ways back under the budget, a sentence each.
    #[must_use]
    pub fn help(&self) -> Vec<String> {
        let mut help: Vec<String> = self.ways.iter().map(Way::text).collect();
        if let Some((empty, full)) = self.without_prealloc {
            help.push(format!(
                "`flags = [\"no_prealloc\"]` takes {} until entries are used; full, it really takes {}",
                text::rounded(empty),
                text::rounded(full)
            ));
        }
        help
    }
}

/// All budgets of a spec against one machine.
#[derive(Clone, Debug)]
pub struct Budgets {
    /// What is over, maps in the order of the model, then groups, then the total.
    pub over: Vec<Excess>,
    /// The machine that was reckoned for.
    pub machine: Machine,
}

impl Budgets {
    /// CPUs that the budgets of a spec are to hold on.
    #[must_use]
    pub fn cpus(model: &Model) -> u64 {
        model.budget.and_then(|budget| budget.cpus).map_or(DEFAULT_CPUS, u64::from)
    }

    /// Whether a spec has any budget.
    #[must_use]
    pub fn exist(model: &Model) -> bool {
        model.budget.is_some_and(|budget| budget.total.is_some())
            || !model.groups.is_empty()
            || model.maps.iter().any(|map| map.budget.is_some())
    }

    /// Checks all budgets of a spec.
    ///
    /// # Errors
    /// If the kernel lacks the type of a map.
    pub fn check(layouts: &Layouts, machine: &Machine) -> Result<Budgets, ReportError> {
        let report = Report::new(layouts, machine)?;
        let mut over = Vec::new();
        for (map, found) in layouts.model.maps.iter().zip(&report.maps) {
            let cost = &found.cost;
            if let Some(budget) = map.budget.filter(|&budget| cost.memlock_full.max(cost.real_full) > budget) {
                let figures = (cost.memlock_full, cost.real_full);
                over.push(Excess::new(Scope::Map(found.id), map.name.span, budget, figures));
            }
        }
        for (index, group) in layouts.model.groups.iter().enumerate() {
            let totals = report.totals_of(&group.maps);
            if totals.memlock_full.max(totals.real_full) > group.budget {
                let figures = (totals.memlock_full, totals.real_full);
                over.push(Excess::new(Scope::Group(index), group.span, group.budget, figures));
            }
        }
        let totals = report.totals();
        if let Some((budget, span)) = layouts.model.budget.and_then(|found| Some((found.total?, found.span)))
            && totals.memlock_full.max(totals.real_full) > budget
        {
            let figures = (totals.memlock_full, totals.real_full);
            over.push(Excess::new(Scope::Total, span, budget, figures));
        }
        explain(&mut over, layouts, &report);
        Ok(Budgets { over, machine: machine.clone() })
    }

    /// Whether nothing is over its budget by what the kernel reports.
    #[must_use]
    pub fn hold(&self) -> bool {
        !self.over.iter().any(Excess::is_error)
    }

    /// Everything that is over its budget, and how to get back under it, in as many lines as it takes.
    #[must_use]
    pub fn errors(&self, model: &Model, sources: &Sources) -> String {
        self.over.iter().filter(|excess| excess.is_error()).map(|excess| self.error(excess, model, sources)).collect()
    }

    fn error(&self, excess: &Excess, model: &Model, sources: &Sources) -> String {
        let mut lines = vec![
            format!(
                "error: {} {} bytes when full, {} over the budget of {}",
                subject(excess.scope, model, ["costs", "cost"]),
                text::grouped(excess.memlock_full),
                text::rounded(excess.memlock_full.saturating_sub(excess.budget)),
                text::exact(excess.budget),
            ),
            format!("  --> {}", sources.place(excess.span)),
            format!("  = note: {}", self.machine_text()),
        ];
        lines.extend(excess.help().iter().map(|help| format!("  = help: {help}")));
        lines.join("\n") + "\n"
    }

    /// What is under its budget by what the kernel reports, but not by what is really taken; one line each.
    #[must_use]
    pub fn warnings(&self, model: &Model) -> Vec<String> {
        let over = self.over.iter().filter(|excess| !excess.is_error());
        over.map(|excess| {
            format!(
                "{} within the budget of {} by what the kernel reports, {}, but not by the {} really taken when full",
                subject(excess.scope, model, ["is", "are"]),
                text::exact(excess.budget),
                text::rounded(excess.memlock_full),
                text::rounded(excess.real_full),
            )
        })
        .collect()
    }

    fn machine_text(&self) -> String {
        let kernel = &self.machine.kernel;
        let source = match kernel.source {
            Source::RunningKernel => "of the running kernel",
            Source::File => "of the BTF file",
            Source::Table => "of the kernel",
            Source::Nearest => "of a kernel like this one,",
        };
        let cpus = match self.machine.cpus {
            1 => "1 possible CPU".to_owned(),
            cpus => format!("{cpus} possible CPUs"),
        };
        format!("reckoned for {cpus}, with the struct sizes {source} {}", kernel.name)
    }
}

/// What is over, with a verb in the singular or the plural.
fn subject(scope: Scope, model: &Model, [one, many]: [&str; 2]) -> String {
    format!("{} {}", scope.text(model), if scope.is_plural() { many } else { one })
}

/// Finds the ways back for what is over by most.
fn explain(over: &mut [Excess], layouts: &Layouts, report: &Report) {
    let mut worst: Vec<&mut Excess> = over.iter_mut().filter(|excess| excess.is_error()).collect();
    worst.sort_by_key(|excess| std::cmp::Reverse(excess.memlock_full - excess.budget));
    for excess in worst.into_iter().take(MOST_EXPLAINED) {
        excess.ways = ways::back_under(layouts, &report.machine, excess.scope, excess.budget);
        excess.without_prealloc = without_prealloc(layouts, report, excess.scope);
    }
}

/// What a preallocated hash map would take without that, empty and full.
fn without_prealloc(layouts: &Layouts, report: &Report, scope: Scope) -> Option<(u64, u64)> {
    let Scope::Map(id) = scope else { return None };
    let found = report.maps.get(id.0 as usize)?;
    let allowed = layouts.model.map(id).kind.flags & NO_PREALLOC != 0;
    let hash = matches!(found.shape.ty, MapType::Hash | MapType::PercpuHash | MapType::HashOfMaps);
    if !allowed || !hash || found.shape.flags & NO_PREALLOC != 0 {
        return None;
    }
    let shape = crate::map::MapShape { flags: found.shape.flags | NO_PREALLOC, ..found.shape };
    let cost = crate::cost::Cost::of(&shape, &report.machine).ok()?;
    Some((cost.real, cost.real_full))
}
