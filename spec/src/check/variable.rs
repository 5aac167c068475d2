//! Where fields of variable length may stand, and the events that have some.
//!
//! Their bytes follow the event's struct, in the order in which a program fills them. So they are fields of the event
//! itself, once each; and such an event is nothing but a record of a buffer, since a struct around it, or a map's value,
//! has no place for what follows.

use super::types::element;
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{Field, Map, Record, RecordKind, Type, TypeDef},
    source::Span,
};

/// Checks records and maps.
pub(super) fn check_variable(types: &[TypeDef], maps: &[Map], cx: &mut Diagnostics) {
    for def in types {
        let TypeDef::Record(record) = def else { continue };
        for field in &record.fields {
            let what = || format!("`{}` of `{}`", field.name.spec, record.name.spec);
            let found = misplaced(record, field).or_else(|| used(types, &field.ty, field.ty_span, what));
            found.into_iter().for_each(|found| cx.push(found));
        }
    }
    for map in maps {
        for (part, ty, span) in [("key", &map.key, map.key_span), ("value", &map.value, map.value_span)] {
            let Some(ty) = ty else { continue };
            let what = || format!("the {part} of `{}`", map.name.spec);
            let found = is_variable(ty).then(|| in_map(&what(), part, span)).or_else(|| used(types, ty, span, what));
            found.into_iter().for_each(|found| cx.push(found));
        }
    }
}

fn is_variable(ty: &Type) -> bool {
    matches!(element(ty), Type::Variable(_))
}

/// Why a field of variable length cannot stand here, if it is one and cannot.
fn misplaced(record: &Record, field: &Field) -> Option<Diagnostic> {
    if !is_variable(&field.ty) {
        return None;
    }
    let message = format!("`{}` of `{}` cannot be of variable length", field.name.spec, record.name.spec);
    let wrong = |label, help| Some(Diagnostic::new(Code::MisplacedType, message, field.ty_span, label).help(help));
    if matches!(field.ty, Type::Array(..)) {
        wrong("is an array", "write `str[..N][..M]` for up to M strings, or give each a field of its own")
    } else if record.anonymous {
        wrong("lies in an unnamed member", "put it directly into the event")
    } else if record.kind == RecordKind::Union {
        wrong("lies in a union", "let each event that has such a field be an event of its own, with a tag")
    } else if record.kind == RecordKind::Struct {
        wrong("lies in a struct", "write a fixed length, `str[N]`, or let it be a field of an event")
    } else if record.packed.is_some() {
        wrong("the event is packed", "leave out `packed`: an event with such fields has no older layout to keep")
    } else {
        None
    }
}

fn in_map(what: &str, part: &str, span: Span) -> Diagnostic {
    let message = format!("{what} cannot be of variable length");
    Diagnostic::new(Code::MisplacedType, message, span, format!("every {part} of a map has the same size"))
        .help("write a fixed length: `str[N]`, `bytes[N]`")
}

/// Says that this type is, or is made of, an event with fields of variable length.
fn used(types: &[TypeDef], ty: &Type, span: Span, what: impl FnOnce() -> String) -> Option<Diagnostic> {
    let Type::Def(id) = element(ty) else { return None };
    let Some(TypeDef::Record(event)) = types.get(id.0 as usize) else { return None };
    let field = event.fields.iter().find(|field| is_variable(&field.ty)).filter(|_| event.kind != RecordKind::Union)?;
    if event.kind == RecordKind::Struct {
        return None; // said of the struct
    }
    let message = format!("{} cannot be the event `{}`", what(), event.name.spec);
    Some(
        Diagnostic::new(Code::MisplacedType, message, span, "there is no place for what follows its struct")
            .also(field.ty_span, format!("`{}` is of variable length", field.name.spec))
            .help("define a struct with fields of fixed length for what is kept in maps"),
    )
}
