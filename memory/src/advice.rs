//! Advice: what could be smaller, with the bytes that it would save.
//!
//! Takes the layouts of a spec and what its maps cost; gives what could be changed, the largest saving first. Every rule
//! proposes a changed spec. What that saves, the model reckons as it reckons any spec; no rule has a formula of its own.
//! A proposal that saves nothing worth a page is no advice.

mod cache_line;
mod field_order;
mod half;
mod intern;
mod key_padding;
mod long_string;
mod per_cpu;
mod prealloc;
mod slab_class;

use std::cmp::Reverse;

use bpf_layout_spec::{
    layout::Layouts,
    model::{ConstId, MapId, Model, TypeDef, TypeId},
    source::Span,
};

use crate::{
    machine::Machine,
    report::{Report, Totals},
    text::rounded,
};

/// A change of all maps together that is worth advice, in bytes: a page, the least that memory comes in.
pub const LEAST: u64 = 4096;
/// Proposals of one rule that are reckoned, each of which lays out the whole spec.
const MOST_TRIED: usize = 64;

/// What could be smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The rule: `field-order`, `key-padding`, `cache-line`, `long-string`, `intern`, `slab-class`, `preallocation`, `per-cpu`, `half`.
    pub rule: &'static str,
    /// What it is about.
    pub about: About,
    /// What to do: a sentence without its subject and full stop.
    pub text: String,
    /// Bytes by which one struct becomes smaller; 0 if it is not about a struct.
    pub per_struct: u64,
    /// What all maps together cost less; negative where they cost more.
    pub saved: Saved,
}

/// What advice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A struct or event.
    Type(TypeId),
    /// A field of a struct: index into its fields.
    Field(TypeId, usize),
    /// A map.
    Map(MapId),
    /// A length or capacity.
    Constant(ConstId),
}

/// Bytes that all maps together cost less; see [`crate::Cost`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// As the kernel reports full maps.
    pub memlock_full: i128,
    /// As maps really take when empty.
    pub real: i128,
    /// As maps really take when full.
    pub real_full: i128,
}

impl Saved {
    fn between(before: Totals, after: Totals) -> Saved {
        let less = |figure: fn(&Totals) -> u64| i128::from(figure(&before)) - i128::from(figure(&after));
        Saved {
            memlock_full: less(|totals| totals.memlock_full),
            real: less(|totals| totals.real),
            real_full: less(|totals| totals.real_full),
        }
    }
}

impl Advice {
    /// The most that it saves, in bytes: what full maps report or take, or what empty ones take.
    #[must_use]
    pub fn most(&self) -> u64 {
        let most = self.saved.memlock_full.max(self.saved.real).max(self.saved.real_full).max(0);
        u64::try_from(most).unwrap_or(u64::MAX)
    }

    /// What it saves, in words: `saves 131.6 MB`; where that is only while maps are not full, both.
    #[must_use]
    pub fn saving(&self) -> String {
        let bytes = |bytes: i128| rounded(u64::try_from(bytes.unsigned_abs()).unwrap_or(u64::MAX));
        let Saved { memlock_full, real, real_full } = self.saved;
        let (reported, taken) = (bytes(memlock_full), bytes(real_full));
        if self.most() == 0 {
            return format!("saves {} in each", bytes(self.per_struct.into()));
        }
        if real > real_full.max(memlock_full) {
            let full = if real_full < 0 { format!("costs {taken} more") } else { format!("saves {taken}") };
            return format!("saves {} while empty, {full} when full", bytes(real));
        }
        match (memlock_full > 0, real_full > 0) {
            (true, true) if reported == taken => format!("saves {taken}"),
            (true, true) => format!("saves {taken} ({reported} as reported)"),
            (true, false) => format!("saves {reported} as reported"),
            (false, _) => format!("saves {taken}, none of it as reported"),
        }
    }

    /// Where what it is about is written.
    #[must_use]
    pub fn span(&self, model: &Model) -> Span {
        match self.about {
            About::Type(id) => model.ty(id).name().span,
            About::Field(id, field) => match model.ty(id) {
                TypeDef::Record(record) => record.fields[field].name.span,
                def => def.name().span,
            },
            About::Map(id) => model.map(id).name.span,
            About::Constant(id) => model.constant(id).name.span,
        }
    }

    /// What it is about, as the spec calls it: `exec`, `exec.comm`, `PATH`.
    #[must_use]
    pub fn subject(&self, model: &Model) -> String {
        match self.about {
            About::Type(id) => model.ty(id).name().spec.to_string(),
            About::Field(id, field) => match model.ty(id) {
                TypeDef::Record(record) => format!("{}.{}", record.name.spec, record.fields[field].name.spec),
                def => def.name().spec.to_string(),
            },
            About::Map(id) => model.map(id).name.spec.to_string(),
            About::Constant(id) => model.constant(id).name.spec.to_string(),
        }
    }
}

/// A changed spec, and what is changed.
struct Proposal {
    about: About,
    text: String,
    layouts: Layouts,
}

/// The rule that is told of structs by themselves, too.
const FIELD_ORDER: &str = "field-order";

type Rule = fn(&Layouts, &Report) -> Vec<Proposal>;

/// Every rule.
const RULES: [(&str, Rule); 9] = [
    (FIELD_ORDER, field_order::proposals),
    ("key-padding", key_padding::proposals),
    ("cache-line", cache_line::proposals),
    ("long-string", long_string::proposals),
    ("intern", intern::proposals),
    ("slab-class", slab_class::proposals),
    ("preallocation", prealloc::proposals),
    ("per-cpu", per_cpu::proposals),
    ("half", half::proposals),
];

/// All advice for a spec on the machine of a report, what saves most first: what saves at least [`LEAST`] bytes of maps,
/// then what makes a struct smaller that is in no map, or in a small one.
#[must_use]
pub fn advise(layouts: &Layouts, report: &Report) -> Vec<Advice> {
    let proposals = |(rule, proposals): &(&'static str, Rule)| {
        let rule = *rule;
        proposals(layouts, report).into_iter().filter_map(move |proposal| reckoned(rule, proposal, layouts, report))
    };
    let mut advice: Vec<Advice> = RULES.iter().flat_map(proposals).collect();
    advice.sort_by_key(|advice| Reverse((advice.most(), advice.per_struct)));
    advice
}

/// A better order of the fields of a struct, whatever maps it is in; `None` if there is none.
///
/// # Panics
/// If the id came from another model.
#[must_use]
pub fn field_order(layouts: &Layouts, id: TypeId) -> Option<Advice> {
    let proposal = field_order::alone(layouts, id)?;
    Some(Advice {
        rule: FIELD_ORDER,
        about: proposal.about,
        per_struct: shrunk(proposal.about, layouts, &proposal.layouts),
        text: proposal.text,
        saved: Saved::default(),
    })
}

/// What a proposal saves; `None` if that is not worth it.
fn reckoned(rule: &'static str, proposal: Proposal, layouts: &Layouts, report: &Report) -> Option<Advice> {
    let after = Report::new(&proposal.layouts, &report.machine).ok()?.totals();
    let advice = Advice {
        rule,
        about: proposal.about,
        per_struct: shrunk(proposal.about, layouts, &proposal.layouts),
        text: proposal.text,
        saved: Saved::between(report.totals(), after),
    };
    // A struct with fewer holes is better wherever it is, also in a buffer, which costs the same whatever is in it.
    (advice.most() >= LEAST || (rule == FIELD_ORDER && advice.per_struct > 0)).then_some(advice)
}

fn shrunk(about: About, before: &Layouts, after: &Layouts) -> u64 {
    match about {
        About::Type(id) | About::Field(id, _) => before.of(id).size.saturating_sub(after.of(id).size),
        About::Map(_) | About::Constant(_) => 0,
    }
}

/// The maps of a report, those that take most first.
fn largest_maps(report: &Report) -> Vec<&crate::report::MapReport> {
    let mut maps: Vec<_> = report.maps.iter().collect();
    maps.sort_by_key(|map| Reverse(map.cost.real_full));
    maps.truncate(MOST_TRIED);
    maps
}

/// What a full map takes on a machine if it were of this shape.
fn real_full(shape: &crate::map::MapShape, machine: &Machine) -> Option<u64> {
    Some(crate::cost::Cost::of(shape, machine).ok()?.real_full)
}
