//! Values of ours in another layout, where nothing is lost.

use std::{fmt, string::String, vec, vec::Vec};

use super::{
    op::{self, Events, Op},
    rule::{Difference, Rule},
};
use crate::shape::Shape;

/// Why a value cannot be written in another layout.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteError {
    /// The other layout has a field that nothing is known of here.
    Unknown {
        /// The type, by its name in the spec.
        name: &'static str,
        /// The field, by its name there.
        field: String,
    },
    /// The other layout cannot hold this value: it would come back changed.
    Lossy {
        /// The type, by its name in the spec.
        name: &'static str,
        /// First byte, of ours, that would.
        byte: usize,
        /// The field that it is of.
        field: String,
    },
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Unknown { name, field } => {
                write!(f, "`{name}` has a field `{field}` in the other layout, which cannot be written here")
            }
            WriteError::Lossy { name, byte, field } => {
                write!(f, "the other layout of `{name}` cannot hold `{field}` of this value (byte {byte})")
            }
        }
    }
}

impl std::error::Error for WriteError {}

/// Writes ours as theirs, and reads it back to see whether it is still the same.
pub(super) fn write(
    shape: &'static Shape,
    (ops, size, differences): (&[Op], usize, &[Difference]),
    ours: &[u8],
) -> Result<Vec<u8>, WriteError> {
    if let Some(extra) = differences.iter().find(|difference| difference.rule == Rule::ExtraField) {
        return Err(WriteError::Unknown { name: extra.what, field: extra.field.clone().unwrap_or_default() });
    }
    let mut theirs = vec![0; size];
    op::write(ops, ours, &mut theirs);
    let (mut back, mut events) = (vec![0; ours.len()], Events::None);
    op::read(ops, &theirs, &mut back, &mut events);
    match back.iter().zip(ours).position(|(back, ours)| back != ours) {
        None => Ok(theirs),
        Some(byte) => Err(WriteError::Lossy { name: shape.name(), byte, field: field_at(shape, byte) }),
    }
}

/// The path of the field that a byte belongs to; empty for a type without fields.
fn field_at(shape: &Shape, byte: usize) -> String {
    let Shape::Record(info) = shape else { return String::new() };
    let within = |start: usize, len: usize| start <= byte && byte - start < len;
    let Some(field) = info.fields().find(|field| within(field.offset, field.shape.size())) else {
        return String::new();
    };
    match field_at(field.shape, byte - field.offset) {
        inner if inner.is_empty() => field.name.into(),
        inner => std::format!("{}.{inner}", field.name),
    }
}
