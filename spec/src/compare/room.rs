//! The room that a compact event grows in: its members say how long each field of variable length may be, which the event's
//! own struct does not.

use super::{
    Finding, Observed, ObservedRecord, ObservedType, Rule, Shape, Value,
    shape::{Mismatch, mismatch},
};
use crate::{
    layout::Layouts,
    model::{Record, Type, Variable, VariableKind},
};

/// The member that holds one array for each field.
const MOST: &str = "most";

/// What C calls the struct around a compact event.
#[must_use]
pub fn room_name(record: &Record) -> String {
    format!("{}_room", record.name.c)
}

/// Compares the limits of every room that the witness has.
pub(super) fn apply(
    layouts: &Layouts,
    observed: &Observed<'_>,
    record: &Record,
    add: &mut dyn FnMut(&'static Rule, &str, Option<Finding>),
) {
    let (Some(length), Some(ty)) = (Rule::from_id("array-length"), Rule::from_id("field-type")) else { return };
    for (_, room) in observed.records(&room_name(record)).filter(|_| record.is_compact()) {
        let Some(most) = room.members.iter().find(|member| member.name == MOST) else { continue };
        let Some(most) = inner(observed, &most.shape) else { continue };
        for (field, variable) in record.variable() {
            let Some(found) = most.members.iter().find(|member| member.name == field.name.c) else { continue };
            let finding = |expected: Value, found: Value| {
                Some(Finding { field: Some(field.name.c.to_string()), expected, found, span: field.ty_span })
            };
            match mismatch(layouts, observed, &longest(variable), &found.shape) {
                Some(Mismatch::Length { expected, found }) => {
                    add(length, &room.place, finding(expected.into(), found.into()));
                }
                Some(Mismatch::Size { expected, found }) => {
                    add(ty, &room.place, finding(expected.into(), found.into()))
                }
                Some(Mismatch::Sign { expected, found } | Mismatch::Type { expected, found }) => {
                    add(ty, &room.place, finding(expected, found));
                }
                None => {}
            }
        }
    }
}

fn inner<'b, 'a>(observed: &'b Observed<'a>, shape: &Shape) -> Option<&'b ObservedRecord<'a>> {
    match shape {
        Shape::Def(index) => match observed.types.get(*index)? {
            ObservedType::Record(record) => Some(record),
            ObservedType::Enum(_) => None,
        },
        _ => None,
    }
}

/// The type of fixed length that takes as much.
fn longest(variable: &Variable) -> Type {
    let limit = variable.limit.clone();
    match &variable.kind {
        VariableKind::Str => Type::Str(limit),
        VariableKind::Bytes => Type::Bytes(limit),
        VariableKind::Strs(several) => Type::Array(Box::new(Type::Str(limit)), several.clone()),
    }
}
