//! Where the strings of keys, values and events lie, by the spec's layout.

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{ConstId, Count, Expr, Map, RecordKind, Type, TypeDef, TypeId, VariableKind},
};

use bpf_layout_memory::shrink::Knob;
use bpf_layout_usage::{Form, Part, Place as At};

/// A string in keys, values or events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where it lies.
    pub(super) at: At,
    /// The event that it is in; none for keys and values.
    pub(super) event: Option<TypeId>,
    /// What decides how many bytes it has.
    pub(super) decided: Decided,
    /// The field of the record that it is written in; none where it is a key or value itself.
    pub(super) written: Option<(TypeId, usize)>,
}

/// What the length of a string is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decided {
    /// A length by its name, which may itself be an expression.
    Constant(ConstId),
    /// A number of a field, or of a map's capacity.
    Number(Knob),
    /// Something that is no single number.
    Otherwise,
}

/// All strings of a map's keys and values. Members of unions are left out: whether they are strings shows only elsewhere;
/// and so is what a CPU puts interned strings together in, of which each stands in the dictionary.
pub(super) fn places(layouts: &Layouts, map: &Map) -> Vec<Place> {
    let is_workplace =
        |ty: &Type| layouts.model.interns.iter().any(|intern| matches!(ty, Type::Def(id) if *id == intern.interning));
    let mut found = Vec::new();
    for (part, name, ty) in [(Part::Key, "key", &map.key), (Part::Value, "value", &map.value)] {
        if let Some(ty) = ty.as_ref().filter(|ty| !is_workplace(ty)) {
            walk(layouts, ty, Place::at_start(name, part, None), &mut found);
        }
    }
    found
}

/// All strings of the events that travel through a map, which nobody sees but its reader. A field is called by the event's
/// name: `exec.cwd`.
pub(super) fn event_places(layouts: &Layouts, map: &Map) -> Vec<Place> {
    let mut found = Vec::new();
    for id in &map.events {
        let name = &layouts.model.ty(*id).name().spec;
        walk(layouts, &Type::Def(*id), Place::at_start(name, Part::Value, Some(*id)), &mut found);
    }
    found
}

impl Place {
    fn at_start(name: &str, part: Part, event: Option<TypeId>) -> Self {
        let at = At { field: name.to_owned(), part, offset: 0, repeats: Vec::new(), length: 0, form: Form::Fixed };
        Place { at, event, decided: Decided::Otherwise, written: None }
    }
}

fn walk(layouts: &Layouts, ty: &Type, place: Place, found: &mut Vec<Place>) {
    match ty {
        Type::Str(count) => {
            let decided = decided(layouts, count, &place);
            found.push(Place { at: At { length: count.value, ..place.at }, decided, ..place });
        }
        Type::Variable(variable) => {
            let form = match variable.kind {
                VariableKind::Bytes => return,
                VariableKind::Str => Form::Variable,
                VariableKind::Strs(_) => Form::Several,
            };
            let decided = decided(layouts, &variable.limit, &place);
            let mut at = At { length: variable.limit.value, form, ..place.at };
            if form == Form::Several {
                at.field += "[]";
            }
            found.push(Place { at, decided, ..place });
        }
        Type::Array(element, count) => {
            let mut at = place.at;
            at.repeats.push((layouts.size_align(element).0, count.value));
            at.field += "[]";
            walk(layouts, element, Place { at, ..place }, found);
        }
        Type::Def(id) => fields(layouts, *id, &place, found),
        Type::Scalar(_) | Type::Bytes(_) | Type::Kernel(_) | Type::Kptr(..) => {}
    }
}

fn fields(layouts: &Layouts, id: TypeId, place: &Place, found: &mut Vec<Place>) {
    let TypeDef::Record(record) = layouts.model.ty(id) else { return };
    if record.kind == RecordKind::Union {
        return;
    }
    for member in &layouts.of(id).members {
        let Member::Field { field, offset, .. } = member else { continue };
        let written = &record.fields[*field];
        let mut at = place.at.clone();
        at.offset += offset;
        if !written.anonymous {
            at.field = format!("{}.{}", at.field, written.name.spec);
        }
        walk(layouts, &written.ty, Place { at, written: Some((id, *field)), ..place.clone() }, found);
    }
}

fn decided(layouts: &Layouts, count: &Count, place: &Place) -> Decided {
    match (&count.expr, place.written) {
        (Expr::Const(id), _) => Decided::Constant(*id),
        (Expr::Literal(_), Some((id, field))) if is_plain(layouts, id, field) => {
            Decided::Number(Knob::Length(id, field))
        }
        _ => Decided::Otherwise,
    }
}

/// Whether a field is a string, and no array of them.
fn is_plain(layouts: &Layouts, id: TypeId, field: usize) -> bool {
    matches!(layouts.model.ty(id), TypeDef::Record(record) if matches!(record.fields[field].ty, Type::Str(_)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn strings_are_found_wherever_they_lie() {
        const SPEC: &str = r#"
spec = 1
[lengths]
PATH = 64
[struct.inner]
fields = [{ name = "id", type = "u64" }, { name = "text", type = "str[10]" }]
[union.either]
fields = [{ name = "text", type = "str[PATH]" }, { name = "number", type = "u64" }]
[struct.value]
fields = [
  { name = "pid", type = "u32" },
  { name = "path", type = "str[PATH]" },
  { name = "twice", type = "str['2 * PATH']" },
  { struct = [{ name = "unnamed", type = "str[8]" }] },
  { name = "inner", type = "inner[3]" },
  { name = "lines", type = "str[PATH][2]" },
  { name = "either", type = "either" },
]
[map.values]
type = "hash"
key = "str[16]"
value = "value"
max_entries = 16
[event.opened]
fields = [
  { name = "path", type = "str[PATH]" },
  { name = "inner", type = "inner" },
  { name = "note", type = "str[..PATH]" },
  { name = "args", type = "str[..8][..4]" },
  { name = "data", type = "bytes[..4]" },
]
[map.events]
type = "ringbuf"
max_entries = 4096
events = ["opened"]
"#;
        let text = SPEC.replace("'2 * PATH'", "2 * PATH");
        let options = bpf_layout_spec::Options::default();
        let loaded = bpf_layout_spec::load_with(Path::new("s.toml"), &mut |_| Ok(text.clone()), &options);
        let layouts = loaded.expect("a valid spec").layouts;
        let places = places(&layouts, &layouts.model.maps[0]);
        let found: Vec<_> = places
            .iter()
            .map(|Place { at, .. }| (at.field.as_str(), at.offset, at.length, at.repeats.as_slice()))
            .collect();
        let inner =
            layouts.size_align(&Type::Def(layouts.model.records().find(|(_, r)| r.name.spec == "inner").unwrap().0)).0;
        let offset_of = |name: &str| found.iter().find(|at| at.0 == name).unwrap().1;
        assert_eq!(
            found,
            [
                ("key", 0, 16, &[][..]),
                ("value.path", 4, 64, &[]),
                ("value.twice", 68, 128, &[]),
                ("value.unnamed", 196, 8, &[]),
                ("value.inner[].text", offset_of("value.inner[].text"), 10, &[(inner, 3)]),
                ("value.lines[]", offset_of("value.lines[]"), 64, &[(64, 2)]),
            ]
        );
        let decided: Vec<Decided> = places.iter().map(|place| place.decided).collect();
        assert!(matches!(decided[0], Decided::Otherwise), "a key is no field");
        assert!(matches!(decided[1], Decided::Constant(_)) && matches!(decided[5], Decided::Constant(_)));
        assert!(matches!(decided[2], Decided::Otherwise), "an expression");
        assert!(matches!(decided[3], Decided::Number(_)) && matches!(decided[4], Decided::Number(_)));
        let travelling: Vec<_> = event_places(&layouts, &layouts.model.maps[1])
            .into_iter()
            .map(|place| (place.at.field, place.at.offset, place.at.length, place.at.form))
            .collect();
        let expected = [
            ("opened.path", 0, 64, Form::Fixed),
            ("opened.inner.text", 72, 10, Form::Fixed),
            ("opened.note", 88, 64, Form::Variable),
            ("opened.args[]", 92, 8, Form::Several),
        ];
        assert_eq!(travelling, expected.map(|(name, at, length, form)| (name.to_owned(), at, length, form)));
    }
}
