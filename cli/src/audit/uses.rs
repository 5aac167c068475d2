//! What else hangs on a number of the spec: a proposal is only as good as what was seen of all of it.

use std::collections::BTreeSet;

use bpf_layout_memory::shrink::Knob;
use bpf_layout_spec::{
    layout::Layouts,
    model::{ConstId, Count, Expr, Model, RecordKind, Type, TypeDef, VariableKind},
};

use super::places::{Decided, Place, event_places, places};

/// The strings of every map of a spec and of the events that travel through it, in the order of the model.
pub(super) struct Uses<'a> {
    layouts: &'a Layouts,
    pub(super) places: Vec<Vec<Place>>,
}

impl<'a> Uses<'a> {
    pub(super) fn new(layouts: &'a Layouts) -> Self {
        let all = |map| [places(layouts, map), event_places(layouts, map)].concat();
        let places = layouts.model.maps.iter().map(all).collect();
        Uses { layouts, places }
    }

    /// Everything but strings of maps and events whose length a number decides, in words: nothing was measured of it. Those
    /// strings are told apart by `measured`.
    pub(super) fn unseen_lengths(&self, knob: Knob, measured: impl Fn(usize, &Place) -> bool) -> Vec<String> {
        let model = &self.layouts.model;
        let mut unseen = Vec::new();
        let mut written = BTreeSet::new();
        for (index, places) in self.places.iter().enumerate() {
            for place in places.iter().filter(|place| decides(knob, place, model)) {
                let seen = measured(index, place);
                // Events are measured by their reader only. Where none did, they are told of below, as what no map holds.
                if seen || place.event.is_none() {
                    written.extend(place.written.map(|(id, field)| (id.0, field)));
                }
                if !seen && place.event.is_none() {
                    unseen.push(format!("`{}` of map `{}`", place.at.field, model.maps[index].name.spec));
                }
            }
        }
        if let Knob::Constant(constant) = knob {
            unseen.extend(self.other_fields(constant, &written));
            unseen.extend(other_constants(model, constant));
            unseen.extend(capacities(model, constant).map(|map| format!("`max_entries` of map `{map}`")));
        }
        unseen
    }

    /// Fields that a constant decides, without those that are strings of maps.
    fn other_fields(&self, constant: ConstId, strings: &BTreeSet<(u32, usize)>) -> Vec<String> {
        let mut found = Vec::new();
        for (id, record) in self.layouts.model.records() {
            for (index, field) in record.fields.iter().enumerate().filter(|(_, field)| !field.omitted) {
                if !strings.contains(&(id.0, index)) && counts(&field.ty).any(|count| mentions(&count.expr, constant)) {
                    let event = matches!(record.kind, RecordKind::Event { .. });
                    let of = if event { "event" } else { "record" };
                    found.push(format!("`{}` of {of} `{}`", field.name.spec, record.name.spec));
                }
            }
        }
        found
    }

    /// Everything but the `max_entries` of the maps that `measured` names whose capacity a number decides.
    pub(super) fn unseen_capacities(&self, knob: Knob, measured: impl Fn(usize) -> bool) -> Vec<String> {
        let Knob::Constant(constant) = knob else { return Vec::new() };
        let model = &self.layouts.model;
        let mut unseen = self.other_fields(constant, &BTreeSet::new());
        unseen.extend(other_constants(model, constant));
        for (index, map) in model.maps.iter().enumerate() {
            let mentioned = map.max_entries.as_ref().is_some_and(|count| mentions(&count.expr, constant));
            if mentioned && !measured(index) {
                unseen.push(format!("`max_entries` of map `{}`", map.name.spec));
            }
        }
        unseen
    }
}

/// Whether a number decides the length of a string, by itself.
pub(super) fn decides(knob: Knob, place: &Place, model: &Model) -> bool {
    knob_of(place, model) == Some(knob)
}

/// The number that decides the length of a string; none if that is an expression.
pub(super) fn knob_of(place: &Place, model: &Model) -> Option<Knob> {
    match place.decided {
        Decided::Constant(id) => matches!(model.constant(id).expr, Expr::Literal(_)).then_some(Knob::Constant(id)),
        Decided::Number(knob) => Some(knob),
        Decided::Otherwise => None,
    }
}

fn other_constants(model: &Model, constant: ConstId) -> impl Iterator<Item = String> {
    let others = model.constants.iter().filter(move |other| mentions(&other.expr, constant));
    others.map(|other| format!("`{}`, which is reckoned from it", other.name.spec))
}

fn capacities(model: &Model, constant: ConstId) -> impl Iterator<Item = &str> {
    let maps = model.maps.iter();
    let mentioned = move |count: &Count| mentions(&count.expr, constant);
    maps.filter(move |map| map.max_entries.as_ref().is_some_and(mentioned)).map(|map| map.name.spec.as_str())
}

/// Every count of a type.
fn counts(ty: &Type) -> impl Iterator<Item = &Count> {
    let several = match ty {
        Type::Variable(variable) => match &variable.kind {
            VariableKind::Strs(several) => Some(several),
            VariableKind::Str | VariableKind::Bytes => None,
        },
        _ => None,
    };
    let mut next = Some(ty);
    let counts = std::iter::from_fn(move || match next.take()? {
        Type::Str(count) | Type::Bytes(count) => Some(count),
        Type::Variable(variable) => Some(&variable.limit),
        Type::Array(element, count) => {
            next = Some(element);
            Some(count)
        }
        Type::Scalar(_) | Type::Def(_) | Type::Kernel(_) | Type::Kptr(..) => None,
    });
    counts.chain(several)
}

fn mentions(expr: &Expr, constant: ConstId) -> bool {
    match expr {
        Expr::Literal(_) => false,
        Expr::Const(id) => *id == constant,
        Expr::Binary(_, left, right) => mentions(left, constant) || mentions(right, constant),
    }
}

/// Where a number is written: its constant, or the field or map that has it.
pub(super) fn span_of(knob: Knob, model: &Model) -> bpf_layout_spec::source::Span {
    match knob {
        Knob::Constant(id) => model.constant(id).name.span,
        Knob::Entries(id) => model.map(id).name.span,
        Knob::Length(id, field) => match model.ty(id) {
            TypeDef::Record(record) => record.fields[field].ty_span,
            other => other.name().span,
        },
    }
}
