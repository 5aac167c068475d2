//! What every map costs before and after.

use std::cmp::Reverse;

use bpf_layout_memory::{Cost, Report, Totals};
use bpf_layout_spec::model::Model;

/// What all maps cost.
pub(crate) struct Costs {
    /// The largest difference first, then in the order of the old spec.
    pub(crate) maps: Vec<MapCosts>,
    pub(crate) total: Pair,
    /// The total of empty maps.
    pub(crate) empty: Pair,
}

/// What one map costs.
pub(crate) struct MapCosts {
    /// Its name in the spec.
    pub(crate) name: String,
    pub(crate) costs: Pair,
}

/// Before and after; `None` where there is no such map.
#[derive(Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) old: Option<Full>,
    pub(crate) new: Option<Full>,
}

/// Bytes with every entry in use; for [`Costs::empty`], with none.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) memlock: u64,
    pub(crate) real: u64,
}

impl Pair {
    /// New less old, of one of the figures; a map that is not there takes nothing.
    pub(crate) fn difference(&self, figure: impl Fn(&Full) -> u64) -> i128 {
        let bytes = |full: &Option<Full>| full.as_ref().map_or(0, |full| i128::from(figure(full)));
        bytes(&self.new) - bytes(&self.old)
    }

    fn weight(&self) -> u128 {
        let both = [self.difference(|full| full.memlock), self.difference(|full| full.real)];
        both.map(i128::unsigned_abs).into_iter().max().unwrap_or(0)
    }
}

impl Costs {
    pub(crate) fn new(old: (&Model, &Report), new: (&Model, &Report)) -> Costs {
        let mut maps: Vec<MapCosts> =
            costs(old).map(|(name, full)| MapCosts { name, costs: Pair { old: Some(full), new: None } }).collect();
        for (name, full) in costs(new) {
            match maps.iter_mut().find(|map| map.name == name) {
                Some(map) => map.costs.new = Some(full),
                None => maps.push(MapCosts { name, costs: Pair { old: None, new: Some(full) } }),
            }
        }
        maps.sort_by_key(|map| Reverse(map.costs.weight()));
        let (old, new) = (old.1.totals(), new.1.totals());
        let full = |totals: Totals| Some(Full { memlock: totals.memlock_full, real: totals.real_full });
        let empty = |totals: Totals| Some(Full { memlock: totals.memlock, real: totals.real });
        let total = Pair { old: full(old), new: full(new) };
        Costs { maps, total, empty: Pair { old: empty(old), new: empty(new) } }
    }

    /// The total of empty maps, unless it is that of full ones.
    pub(crate) fn other_empty(&self) -> Option<&Pair> {
        (self.empty.old != self.total.old || self.empty.new != self.total.new).then_some(&self.empty)
    }
}

fn costs<'a>((model, report): (&'a Model, &'a Report)) -> impl Iterator<Item = (String, Full)> {
    let full = |cost: &Cost| Full { memlock: cost.memlock_full, real: cost.real_full };
    let maps = report.maps.iter().map(move |map| (model.map(map.id).name.spec.to_string(), full(&map.cost)));
    maps.chain(report.rooms.iter().map(move |room| (room.name(model), full(&room.cost))))
}
