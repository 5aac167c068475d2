//! Where the strings of a type lie, by its own table. The rules are those of `cargo bpf-layout audit`, which goes by the
//! spec, so that both call a string by the same name.

use std::{borrow::ToOwned, format, string::String, vec::Vec};

use bpf_layout_usage::{Form, Part, Place};

use crate::shape::{Shape, TypeInfo, VariableKind};

/// The strings of a key, value or event, which is called `name`. Members of unions are left out: whether they are strings
/// shows only elsewhere.
pub(super) fn places(name: &str, part: Part, shape: &Shape) -> Vec<Place> {
    let start = Place { field: name.to_owned(), part, offset: 0, repeats: Vec::new(), length: 0, form: Form::Fixed };
    let mut found = Vec::new();
    walk(shape, start, &mut found);
    found
}

fn walk(shape: &Shape, mut place: Place, found: &mut Vec<Place>) {
    match shape {
        Shape::Str(length) => found.push(Place { length: *length as u64, ..place }),
        // How long it may be; runs of bytes are no strings.
        Shape::Variable(variable) => match variable.kind {
            VariableKind::Bytes => {}
            VariableKind::Str => found.push(Place { length: variable.limit as u64, form: Form::Variable, ..place }),
            VariableKind::Strs => {
                place.field += "[]";
                found.push(Place { length: variable.limit as u64, form: Form::Several, ..place });
            }
        },
        Shape::Array(element, count) => {
            place.repeats.push((element.size() as u64, *count as u64));
            place.field += "[]";
            walk(element, place, found);
        }
        Shape::Record(info) => fields(info, &place, found),
        _ => {}
    }
}

fn fields(info: &TypeInfo, place: &Place, found: &mut Vec<Place>) {
    for field in info.fields() {
        let mut inner = place.clone();
        inner.offset += field.offset as u64;
        if !is_unnamed(info, field.name, field.shape) {
            inner.field = format!("{}.{}", place.field, field.name);
        }
        walk(field.shape, inner, found);
    }
}

/// Whether it is an unnamed struct, which only Rust has a name for, made of its record's.
fn is_unnamed(info: &TypeInfo, field: &str, shape: &Shape) -> bool {
    let made: String = format!("{}__{field}", info.name());
    matches!(shape, Shape::Record(inner) if inner.name() == made)
}
