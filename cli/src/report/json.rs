//! Costs for programs. The shape of this JSON is an interface, documented in docs/cli.md: keys are added, never changed.

use bpf_layout_memory::{
    Cost, MapReport, Report, RoomReport, Source, Totals,
    advice::{self, advise},
    budget::{Budgets, Excess, Scope},
};
use bpf_layout_spec::{
    Loaded,
    model::{self, Model},
};
use serde::Serialize;

use super::{Side, objects::ObjectCost};

#[derive(Serialize)]
struct Document<'a> {
    profile: Option<&'a str>,
    cpus: u64,
    kernel: &'a str,
    page_size: u64,
    sizes: &'static str,
    exact: bool,
    maps: Vec<Map<'a>>,
    rooms: Vec<Room<'a>>,
    total: Figures,
    groups: Vec<Group<'a>>,
    objects: Vec<Object<'a>>,
    over_budget: Vec<Over<'a>>,
    advice: Vec<Advice>,
}

#[derive(Serialize)]
struct Advice {
    rule: &'static str,
    subject: String,
    text: String,
    #[serde(rename = "where")]
    place: String,
    saves: Saves,
}

/// Negative where it costs more.
#[derive(Serialize)]
struct Saves {
    memlock_full: i128,
    real: i128,
    real_full: i128,
    per_struct: u64,
}

#[derive(Serialize)]
struct Map<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: &'static str,
    key_size: u64,
    value_size: u64,
    max_entries: u64,
    map_flags: u32,
    #[serde(flatten)]
    figures: Figures,
    budget: Option<u64>,
    parts: Vec<Part>,
}

/// Where programs build an event with fields of variable length: a `percpu_array`, not among `maps`, but in the total.
#[derive(Serialize)]
struct Room<'a> {
    name: String,
    event: &'a str,
    value_size: u64,
    max_entries: u64,
    #[serde(flatten)]
    figures: Figures,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    maps: Vec<&'a str>,
    #[serde(flatten)]
    figures: Figures,
    budget: u64,
}

#[derive(Serialize)]
struct Object<'a> {
    name: &'a str,
    maps: &'a [String],
    other_maps: &'a [String],
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Serialize)]
struct Part {
    of: &'static str,
    bytes: u64,
}

#[derive(Serialize)]
struct Figures {
    memlock: u64,
    memlock_full: u64,
    real: u64,
    real_full: u64,
}

#[derive(Serialize)]
struct Over<'a> {
    map: Option<&'a str>,
    group: Option<&'a str>,
    budget: u64,
    cpus: u64,
    memlock_full: u64,
    real_full: u64,
    error: bool,
    ways: Vec<Way<'a>>,
}

#[derive(Serialize)]
struct Way<'a> {
    changes: Vec<Change<'a>>,
    saves: u64,
    after: u64,
    enough: bool,
}

#[derive(Serialize)]
struct Change<'a> {
    name: &'a str,
    from: u64,
    to: u64,
}

/// One document, or an array of them for several numbers of CPUs, with a newline at its end.
pub(super) fn text(side: &Side, budgets: Option<&Budgets>) -> String {
    let reports = side.reports.iter().zip(&side.objects);
    let documents: Vec<Document<'_>> =
        reports.map(|(report, objects)| document(&side.loaded, report, objects, budgets)).collect();
    let json = match documents.as_slice() {
        [one] => serde_json::to_string_pretty(one),
        several => serde_json::to_string_pretty(several),
    };
    json.expect("strings and numbers always serialise") + "\n"
}

fn document<'a>(
    loaded: &'a Loaded,
    report: &'a Report,
    objects: &'a [ObjectCost],
    budgets: Option<&'a Budgets>,
) -> Document<'a> {
    let model = &loaded.layouts.model;
    let machine = &report.machine;
    Document {
        profile: model.profile.as_deref(),
        cpus: machine.cpus,
        kernel: &machine.kernel.name,
        page_size: machine.page_size,
        sizes: sizes(&machine.kernel.source),
        exact: report.is_exact(),
        maps: report.maps.iter().map(|map| map_of(model, map)).collect(),
        rooms: report.rooms.iter().map(|room| room_of(model, room)).collect(),
        total: Figures::from(report.totals()),
        groups: model.groups.iter().map(|group| group_of(model, report, group)).collect(),
        objects: objects.iter().map(object_of).collect(),
        over_budget: budgets
            .map(|budgets| budgets.over.iter().map(|over| over_of(model, budgets, over)).collect())
            .unwrap_or_default(),
        advice: advise(&loaded.layouts, report).into_iter().map(|advice| advice_of(loaded, advice)).collect(),
    }
}

fn advice_of(loaded: &Loaded, advice: advice::Advice) -> Advice {
    let model = &loaded.layouts.model;
    let advice::Saved { memlock_full, real, real_full } = advice.saved;
    Advice {
        rule: advice.rule,
        subject: advice.subject(model),
        place: loaded.sources.place(advice.span(model)),
        saves: Saves { memlock_full, real, real_full, per_struct: advice.per_struct },
        text: advice.text,
    }
}

/// Where struct sizes come from.
pub(crate) const fn sizes(source: &Source) -> &'static str {
    match source {
        Source::RunningKernel | Source::File => "btf",
        Source::Table => "table",
        Source::Nearest => "nearest",
    }
}

fn map_of<'a>(model: &'a Model, found: &MapReport) -> Map<'a> {
    let map = model.map(found.id);
    let (shape, cost) = (&found.shape, &found.cost);
    Map {
        name: &map.name.spec,
        ty: map.kind.name,
        key_size: shape.key,
        value_size: shape.value,
        max_entries: found.entries,
        map_flags: shape.flags,
        figures: Figures::from(Totals::default().and(cost)),
        budget: map.budget,
        parts: parts_of(cost),
    }
}

fn room_of<'a>(model: &'a Model, found: &RoomReport) -> Room<'a> {
    Room {
        name: found.name(model),
        event: &model.ty(found.event).name().spec,
        value_size: found.shape.value,
        max_entries: found.shape.entries,
        figures: Figures::from(Totals::default().and(&found.cost)),
        parts: parts_of(&found.cost),
    }
}

fn parts_of(cost: &Cost) -> Vec<Part> {
    cost.parts.iter().map(|part| Part { of: part.of.id(), bytes: part.bytes }).collect()
}

fn object_of(object: &ObjectCost) -> Object<'_> {
    Object { name: &object.name, maps: &object.maps, other_maps: &object.others, figures: Figures::from(object.totals) }
}

fn group_of<'a>(model: &'a Model, report: &Report, group: &'a model::Group) -> Group<'a> {
    Group {
        name: &group.name,
        maps: group.maps.iter().map(|&id| model.map(id).name.spec.as_str()).collect(),
        figures: Figures::from(report.totals_of(&group.maps)),
        budget: group.budget,
    }
}

fn over_of<'a>(model: &'a Model, budgets: &Budgets, over: &'a Excess) -> Over<'a> {
    Over {
        map: match over.scope {
            Scope::Map(id) => Some(&model.map(id).name.spec),
            Scope::Group(_) | Scope::Total => None,
        },
        group: match over.scope {
            Scope::Group(index) => Some(&model.groups[index].name),
            Scope::Map(_) | Scope::Total => None,
        },
        budget: over.budget,
        cpus: budgets.machine.cpus,
        memlock_full: over.memlock_full,
        real_full: over.real_full,
        error: over.is_error(),
        ways: over
            .ways
            .iter()
            .map(|way| Way {
                changes: way
                    .changes
                    .iter()
                    .map(|change| Change { name: &change.name, from: change.from, to: change.to })
                    .collect(),
                saves: way.saves,
                after: way.after,
                enough: way.enough,
            })
            .collect(),
    }
}

impl From<Totals> for Figures {
    fn from(totals: Totals) -> Self {
        let Totals { memlock, memlock_full, real, real_full } = totals;
        Figures { memlock, memlock_full, real, real_full }
    }
}
