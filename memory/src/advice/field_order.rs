//! Fields in an order that leaves fewer holes.
//!
//! By alignment, the largest first, no hole is left between fields whose sizes are multiples of their alignments, which
//! those of C types are; only the end is rounded up, as in every order. What the new order comes to is laid out as any
//! other.

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{Model, Record, RecordKind, Type, TypeDef, TypeId},
};

use super::{About, MOST_TRIED, Proposal};
use crate::{report::Report, shrink::laid_out};

/// Names that a sentence lists; a longer order is described.
const MOST_NAMES: usize = 8;

/// Every struct that becomes smaller.
pub(super) fn proposals(layouts: &Layouts, _: &Report) -> Vec<Proposal> {
    let records = layouts.model.records().map(|(id, _)| id).filter(|&id| may_shrink(layouts, id));
    records.filter_map(|id| proposal(layouts, id, layouts.model.clone())).take(MOST_TRIED).collect()
}

/// One struct by itself, without what uses it.
pub(super) fn alone(layouts: &Layouts, id: TypeId) -> Option<Proposal> {
    if !may_shrink(layouts, id) {
        return None;
    }
    let mut model = layouts.model.clone();
    // Definitions come after those that they use.
    model.types.truncate(id.0 as usize + 1);
    model.maps.clear();
    proposal(layouts, id, model)
}

fn proposal(layouts: &Layouts, id: TypeId, mut model: Model) -> Option<Proposal> {
    let TypeDef::Record(record) = &mut model.types[id.0 as usize] else { return None };
    sort(layouts, record);
    let order = in_words(record);
    let changed = laid_out(model)?;
    let (before, after) = (layouts.of(id).size, changed.of(id).size);
    let text = format!("has {before} bytes; {after} with its fields {order}");
    (after < before).then_some(Proposal { about: About::Type(id), text, layouts: changed })
}

/// Whether it has so much padding that another order may leave some out, and may be in another order.
fn may_shrink(layouts: &Layouts, id: TypeId) -> bool {
    let TypeDef::Record(record) = layouts.model.ty(id) else { return false };
    padding(layouts, id) >= layouts.of(id).align.into() && is_free(&layouts.model, id, record)
}

/// Whether the order of its fields is nobody's business but its own: not where places or bits are said, where an event
/// must be told by its tag, where a key begins with its prefix length, or where fields have a history that readers
/// know.
fn is_free(model: &Model, id: TypeId, record: &Record) -> bool {
    let own = matches!(record.kind, RecordKind::Struct | RecordKind::Event { tag: None });
    let plain =
        record.fields.iter().all(|field| field.offset.is_none() && field.bits.is_none() && field.align.is_none());
    let prefix = model.maps.iter().any(|map| map.kind.name == "lpm_trie" && map.key == Some(Type::Def(id)));
    let history = !record.reserved.is_empty() || record.fields.iter().any(|field| field.since.is_some());
    own && plain && !history && !prefix && !record.anonymous && record.packed.is_none()
}

fn padding(layouts: &Layouts, id: TypeId) -> u64 {
    let bytes = |member: &Member| match member {
        Member::Padding { len, .. } => *len,
        Member::Field { .. } | Member::Bits(_) => 0,
    };
    layouts.of(id).members.iter().map(bytes).sum()
}

/// Fields by alignment, those of one alignment as they stand; what refers to a field follows it.
fn sort(layouts: &Layouts, record: &mut Record) {
    let mut order: Vec<usize> = (0..record.fields.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(layouts.size_align(&record.fields[index].ty).1));
    let moved = |old: usize| order.iter().position(|&index| index == old).unwrap_or(old);
    let mut fields: Vec<_> = order.iter().map(|&index| record.fields[index].clone()).collect();
    for field in &mut fields {
        field.tag = field.tag.map(moved);
    }
    record.fields = fields;
}

/// `in the order a, b, c`.
fn in_words(record: &Record) -> String {
    let names: Vec<&str> =
        record.fields.iter().filter(|field| !field.omitted).map(|field| field.name.rust.as_str()).collect();
    if names.len() > MOST_NAMES {
        return "by alignment, the largest first, and otherwise as they stand".into();
    }
    format!("in the order {}", names.join(", "))
}
