//! The ways back under a budget, each reckoned: a length or a capacity halved until it fits.

use bpf_layout_spec::layout::Layouts;

use super::Scope;
use crate::{
    cost::Cost,
    machine::Machine,
    report::{Report, shape_of},
    shrink::{self, Knob},
    text,
};

/// Ways that are told; more would hide the best.
const MOST: usize = 4;
/// Numbers that are tried, the largest first, and those that are looked into, what saves most first. Each try lays the
/// whole spec out again.
const MOST_TRIED: usize = 64;
const MOST_SEARCHED: usize = 8;
/// Steps of a way that takes several numbers together.
const MOST_STEPS: usize = 64;

/// Numbers of a spec that could be smaller, and what that comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// What to change.
    pub changes: Vec<Change>,
    /// Bytes that it saves.
    pub saves: u64,
    /// Bytes that are left.
    pub after: u64,
    /// Whether that is within the budget.
    pub enough: bool,
}

/// One number of a spec that could be smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name, or what it is.
    pub name: String,
    /// What it is.
    pub from: u64,
    /// What it could be.
    pub to: u64,
}

impl Way {
    /// `PATH 4096 -> 512 saves 117.5 MB`.
    #[must_use]
    pub fn text(&self) -> String {
        let change = |change: &Change| format!("{} {} -> {}", change.name, change.from, change.to);
        let changes = self.changes.iter().map(change).collect::<Vec<_>>().join(" and ");
        let verb = if self.changes.len() == 1 { "saves" } else { "together save" };
        let enough = if self.enough { "" } else { ", which is not enough alone" };
        format!("{changes} {verb} {}{enough}", text::rounded(self.saves))
    }
}

/// One state of the search.
struct Search<'a> {
    layouts: &'a Layouts,
    machine: &'a Machine,
    scope: Scope,
    budget: u64,
    /// What it costs as it is.
    before: u64,
}

/// The ways, the best first: numbers that are enough alone, those with the fewest halvings before the others; several
/// numbers together, each changed less; then those that are not enough, those that save most before the others.
pub(super) fn back_under(layouts: &Layouts, machine: &Machine, scope: Scope, budget: u64) -> Vec<Way> {
    let mut search = Search { layouts, machine, scope, budget, before: 0 };
    let Some(before) = search.cost(&[]) else { return Vec::new() };
    search.before = before;
    let knobs = search.knobs();
    let alone = knobs.iter().filter_map(|knob| search.alone(*knob));
    let (mut enough, mut others): (Vec<_>, Vec<_>) = alone.partition(|(_, way)| way.enough);
    enough.sort_by_key(|(halvings, way)| (*halvings, way.after));
    others.sort_by_key(|(_, way)| way.after);
    let together = search.together(&knobs).filter(|way| way.changes.len() > 1);
    let ways = enough.into_iter().map(|(_, way)| way).chain(together).chain(others.into_iter().map(|(_, way)| way));
    ways.take(MOST).collect()
}

/// A number that could be halved once more.
struct Step {
    index: usize,
    half: u64,
    /// What is left then.
    after: u64,
}

impl Search<'_> {
    /// What it would cost with these numbers; `None` if that is no valid spec.
    fn cost(&self, numbers: &[(Knob, u64)]) -> Option<u64> {
        let layouts = shrink::with(self.layouts, numbers)?;
        match self.scope {
            Scope::Map(id) => {
                let shape = shape_of(&layouts, layouts.model.map(id), self.machine)?;
                Some(Cost::of(&shape, self.machine).ok()?.memlock_full)
            }
            Scope::Group(index) => {
                let maps = &layouts.model.groups[index].maps;
                Some(Report::new(&layouts, self.machine).ok()?.totals_of(maps).memlock_full)
            }
            Scope::Total => Some(Report::new(&layouts, self.machine).ok()?.totals().memlock_full),
        }
    }

    fn halved(&self, knob: Knob, value: u64) -> Option<u64> {
        Some(value / 2).filter(|&half| half >= knob.least(&self.layouts.model))
    }

    /// The numbers of which less costs less, those that save most first.
    fn knobs(&self) -> Vec<Knob> {
        let mut knobs = Knob::all(&self.layouts.model);
        knobs.sort_by_key(|knob| std::cmp::Reverse(knob.value(&self.layouts.model)));
        let tried = knobs.into_iter().take(MOST_TRIED).filter_map(|knob| {
            let half = self.halved(knob, knob.value(&self.layouts.model))?;
            Some((self.cost(&[(knob, half)])?, knob))
        });
        let mut saving: Vec<(u64, Knob)> = tried.filter(|(cost, _)| *cost < self.before).collect();
        saving.sort_by_key(|(cost, _)| *cost);
        saving.into_iter().take(MOST_SEARCHED).map(|(_, knob)| knob).collect()
    }

    /// One number, halved until it is enough, and how often; halved once if it never is.
    fn alone(&self, knob: Knob) -> Option<(u32, Way)> {
        let mut value = knob.value(&self.layouts.model);
        let (mut halvings, mut once) = (0, None);
        while let Some(half) = self.halved(knob, value) {
            let Some(after) = self.cost(&[(knob, half)]) else { break };
            (value, halvings) = (half, halvings + 1);
            let way = self.way(&[(knob, half)], after);
            if way.enough {
                return Some((halvings, way));
            }
            once.get_or_insert(way);
        }
        once.map(|way| (1, way))
    }

    /// Several numbers, each halved about as often as the others.
    fn together(&self, knobs: &[Knob]) -> Option<Way> {
        let model = &self.layouts.model;
        let mut numbers: Vec<(Knob, u64)> = knobs.iter().map(|knob| (*knob, knob.value(model))).collect();
        let mut halvings = vec![0_u32; numbers.len()];
        let mut before = self.before;
        for _ in 0..MOST_STEPS {
            let step = self.next_step(&numbers, &halvings, before)?;
            numbers[step.index].1 = step.half;
            halvings[step.index] += 1;
            before = step.after;
            if before <= self.budget {
                numbers.retain(|(knob, value)| *value != knob.value(model));
                return Some(self.way(&numbers, before));
            }
        }
        None
    }

    /// Of the numbers whose half saves at least half of what the best saves, the one that was halved least.
    fn next_step(&self, numbers: &[(Knob, u64)], halvings: &[u32], before: u64) -> Option<Step> {
        let steps = numbers.iter().enumerate().filter_map(|(index, (knob, value))| {
            let half = self.halved(*knob, *value)?;
            let mut tried = numbers.to_vec();
            tried[index].1 = half;
            Some(Step { index, half, after: self.cost(&tried)? })
        });
        let steps: Vec<Step> = steps.filter(|step| step.after < before).collect();
        let most = steps.iter().map(|step| before - step.after).max()?;
        let worth = steps.into_iter().filter(|step| (before - step.after) >= most / 2);
        worth.min_by_key(|step| (halvings[step.index], step.after))
    }

    fn way(&self, numbers: &[(Knob, u64)], after: u64) -> Way {
        let model = &self.layouts.model;
        let change = |(knob, to): &(Knob, u64)| Change { name: knob.name(model), from: knob.value(model), to: *to };
        Way {
            changes: numbers.iter().map(change).collect(),
            saves: self.before.saturating_sub(after),
            after,
            enough: after <= self.budget,
        }
    }
}
