//! The members of a record in one list, those of unnamed structs and unions among them, as C names them.

use super::{Observed, ObservedMember, ObservedType, Shape};
use crate::{
    layout::{Layouts, Member},
    model::{Field, Record, RecordKind, Type, TypeDef, TypeId},
};

/// A field of the spec, in its place in the record that has a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpecField<'a> {
    pub(crate) field: &'a Field,
    pub(crate) bit_offset: u64,
    pub(crate) bit_size: u64,
    pub(crate) bitfield: bool,
    /// Whether the record, or an unnamed member around it, is a union.
    pub(crate) in_union: bool,
}

/// The fields of a record that has a name.
pub(crate) fn of_spec<'a>(layouts: &'a Layouts, id: TypeId, record: &'a Record) -> Vec<SpecField<'a>> {
    let mut fields = Vec::new();
    add_spec(layouts, id, record, (0, false), &mut fields);
    fields
}

/// `base` is the first bit of the record, and whether it lies in a union.
fn add_spec<'a>(
    layouts: &'a Layouts,
    id: TypeId,
    record: &'a Record,
    (base, in_union): (u64, bool),
    fields: &mut Vec<SpecField<'a>>,
) {
    let in_union = in_union || record.kind == RecordKind::Union;
    for member in &layouts.of(id).members {
        match member {
            Member::Field { field, offset, size, .. } => {
                let field = &record.fields[*field];
                let bit_offset = base + offset * 8;
                match unnamed(layouts, field) {
                    Some((id, inner)) => add_spec(layouts, id, inner, (bit_offset, in_union), fields),
                    None => {
                        fields.push(SpecField { field, bit_offset, bit_size: size * 8, bitfield: false, in_union });
                    }
                }
            }
            Member::Bits(run) => fields.extend(run.bits.iter().filter_map(|bits| {
                let field = &record.fields[bits.field?];
                let bit_offset = base + bits.bit_offset;
                Some(SpecField { field, bit_offset, bit_size: bits.width.into(), bitfield: true, in_union })
            })),
            Member::Padding { .. } => {}
        }
    }
}

fn unnamed<'a>(layouts: &'a Layouts, field: &Field) -> Option<(TypeId, &'a Record)> {
    match (&field.ty, field.anonymous) {
        (Type::Def(id), true) => match layouts.model.ty(*id) {
            TypeDef::Record(record) => Some((*id, record)),
            _ => None,
        },
        _ => None,
    }
}

/// A member that the witness has, in its place in the record that has a name.
#[derive(Clone, Debug)]
pub(super) struct FoundField<'a> {
    pub(super) member: &'a ObservedMember<'a>,
    pub(super) bit_offset: u64,
    pub(super) in_union: bool,
}

/// How deep unnamed members may lie in one another, and how many members there may be in all. Compilers stay far below;
/// hostile input must not make this grow without end.
const MAX_DEPTH: usize = 32;
const MAX_MEMBERS: usize = 1 << 16;

/// The members of a record that the witness has.
pub(super) fn of_observed<'a>(observed: &'a Observed<'a>, index: usize) -> Vec<FoundField<'a>> {
    let mut fields = Vec::new();
    let mut budget = MAX_MEMBERS;
    add_observed(observed, index, 0, false, MAX_DEPTH, &mut budget, &mut fields);
    fields
}

fn add_observed<'a>(
    observed: &'a Observed<'a>,
    index: usize,
    base: u64,
    in_union: bool,
    depth: usize,
    budget: &mut usize,
    fields: &mut Vec<FoundField<'a>>,
) {
    let Some(ObservedType::Record(record)) = observed.types.get(index) else { return };
    let in_union = in_union || record.union;
    for member in &record.members {
        let Some(left) = budget.checked_sub(1) else { return };
        *budget = left;
        let bit_offset = base.saturating_add(member.bit_offset);
        match &member.shape {
            Shape::Def(inner) if member.name.is_empty() => {
                if depth > 0 {
                    add_observed(observed, *inner, bit_offset, in_union, depth - 1, budget, fields);
                }
            }
            _ => fields.push(FoundField { member, bit_offset, in_union }),
        }
    }
}
