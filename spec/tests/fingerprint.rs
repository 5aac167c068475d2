//! Fingerprints: every mutation of a layout changes those of what it is a part of, no other, and nothing cosmetic does.

mod support;

use std::collections::BTreeSet;

use bpf_layout_spec::{
    fingerprint::{Fingerprint, Fingerprints},
    kernel::{MAP_FLAGS, MAP_KINDS},
    layout::{Layouts, Member},
    model::{
        Count, Expr, MapId, RecordKind, Reserved, ReservedItem, TagValue, Type, TypeDef, TypeId, Variable, Version,
    },
    scalar::Scalar,
    source::{FileId, Span},
    word::Word,
};
use support::{load, load_all, specs};

const SPEC: &str = r#"spec = 1

[enum.file_op]
repr = "u8"
variants = [{ name = "open", value = 1 }, { name = "unlink", value = 2 }]

[event.file]
fields = [
  { name = "time", type = "ktime" },
  { name = "op", type = "file_op" },
  { name = "path", type = "str[64]" },
]

[map.events]
type = "ringbuf"
max_entries = 4096
events = ["file"]

[map.counts]
type = "hash"
key = "file_op"
value = "u64[2]"
max_entries = 16
flags = ["no_prealloc"]
"#;

/// `(name, fingerprint)` of everything.
fn all(layouts: &Layouts) -> Vec<(Word, Fingerprint)> {
    let fingerprints = Fingerprints::of(layouts);
    let types = (0..).map(TypeId).zip(&layouts.model.types);
    let types = types.map(|(id, def)| (def.name().spec.clone(), fingerprints.ty(id)));
    let maps = (0..).map(MapId).zip(&layouts.model.maps);
    let maps = maps.map(|(id, map)| (map.name.spec.clone(), fingerprints.map(id)));
    types.chain(maps).collect()
}

#[test]
fn they_are_the_same_on_every_machine_and_in_every_release() {
    let found: Vec<String> =
        all(&load(SPEC, None).layouts).into_iter().map(|(name, fingerprint)| format!("{name} {fingerprint}")).collect();
    // Objects in the field have these. Whoever changes them must change `fingerprint::FORMAT`.
    assert_eq!(
        found,
        ["file_op a5a1c5bd5bcf6529", "file 7902d87296c72467", "events 55fa07247de3c918", "counts 4dda1849cc222162",]
    );
}

#[test]
fn names_of_events_do_not_matter_to_the_map_even_where_they_change_places() {
    let of_map = |narrow: &str, wide: &str| {
        let text = format!(
            r#"spec = 1
[enum.kind]
repr = "u32"
variants = [{{ name = "narrow", value = 1 }}, {{ name = "wide", value = 2 }}]

[event.{narrow}]
tag = {{ kind = "narrow" }}
fields = [{{ name = "kind", type = "kind" }}, {{ name = "id", type = "u32" }}]

[event.{wide}]
tag = {{ kind = "wide" }}
fields = [{{ name = "kind", type = "kind" }}, {{ name = "id", type = "u64" }}]

[map.m]
type = "ringbuf"
max_entries = 4096
events = ["{narrow}", "{wide}"]
"#
        );
        Fingerprints::of(&load(&text, None).layouts).map(MapId(0))
    };
    assert_eq!(of_map("a", "b"), of_map("b", "a"));
    assert_eq!(of_map("a", "b"), of_map("c", "b"));
}

#[test]
fn how_it_is_written_does_not_matter() {
    let other = r#"# A comment.
spec = 1
lengths.PATH = "32 << 1"
capacities.N = "4 KiB"
alias.stamp = "ktime"
budget.total = "1 GiB"

[map.counts]
doc = "Counts."
type = "hash"
flags = ["no_prealloc"]
max_entries = "16"
key = "file_op"
value = "u64[PATH / 32]"

[map.events]
type = "ringbuf"
events = ["file"]
max_entries = "N"

[event.file]
doc = "A file."
fields = [
  { name = "time", type = "stamp", offset = 0 },
  { name = "op",   type = "file_op", doc = "What was done." },
  { name = "path", type = "str[PATH]", optional = true },
]

[enum.file_op]
repr = "u8"
variants = [{ name = "unlink", value = "1 + 1", doc = "x" }, { name = "open", value = 0x1 }]
"#;
    let sorted = |text| all(&load(text, None).layouts).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(sorted(SPEC), sorted(other));
}

#[test]
fn times_and_numbers_differ_although_their_bytes_do_not() {
    let (time, number) = (load(SPEC, None), load(&SPEC.replace("ktime", "u64"), None));
    let (time, number) = (all(&time.layouts), all(&number.layouts));
    let differ: Vec<&str> = time.iter().zip(&number).filter(|(a, b)| a != b).map(|(a, _)| a.0.as_str()).collect();
    assert_eq!(differ, ["file", "events"]);
}

/// What a mutation is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Type(TypeId),
    Map(MapId),
}

/// What is done to layouts.
type Edit = Box<dyn Fn(&mut Layouts)>;

/// A change of one definition.
type Change = (String, Of, Edit);

#[test]
fn every_mutation_changes_what_it_is_a_part_of_and_nothing_else() {
    let mut tried = 0;
    for spec in specs() {
        let (base, profiles) = load_all(&spec);
        for layouts in std::iter::once(&base.layouts).chain(&profiles) {
            let before = all(layouts);
            for (what, of, change) in mutations(layouts) {
                let mut mutant = layouts.clone();
                change(&mut mutant);
                let after = all(&mutant);
                let changed: Vec<bool> = before.iter().zip(&after).map(|(a, b)| a.1 != b.1).collect();
                assert_eq!(changed, affected(layouts, of, what == "name"), "{}: {what} of {of:?}", spec.display());
                tried += 1;
            }
        }
    }
    println!("{tried} mutations");
    assert!(tried > 3000, "{tried} mutations are too few");
}

/// For every type, then every map: whether the definition is a part of it. The names of an enum's variants are a part of
/// unions whose members they select.
fn affected(layouts: &Layouts, of: Of, selects: bool) -> Vec<bool> {
    let model = &layouts.model;
    let mut types: Vec<bool> = Vec::new();
    for (id, def) in (0..).map(TypeId).zip(&model.types) {
        let part = parts(def, selects).into_iter().any(|part| types[part.0 as usize]);
        types.push(part || of == Of::Type(id));
    }
    let mut maps: Vec<bool> = Vec::new();
    for (id, map) in (0..).map(MapId).zip(&model.maps) {
        let mut parts = map.events.clone();
        map.key.iter().chain(&map.value).for_each(|ty| parts.extend(def_of(ty)));
        let inner = map.inner.is_some_and(|inner| maps[inner.0 as usize]);
        maps.push(inner || of == Of::Map(id) || parts.into_iter().any(|part| types[part.0 as usize]));
    }
    types.into_iter().chain(maps).collect()
}

fn parts(def: &TypeDef, selects: bool) -> Vec<TypeId> {
    let TypeDef::Record(record) = def else { return Vec::new() };
    let fields = record.fields.iter().filter(|field| !field.omitted);
    let by = fields.clone().flat_map(|field| &field.when).filter_map(|value| match value {
        TagValue::Variant(id, _) => Some(*id),
        TagValue::Number(_) => None,
    });
    fields.filter_map(|field| def_of(&field.ty)).chain(by.filter(|_| selects)).collect()
}

fn def_of(ty: &Type) -> Option<TypeId> {
    match ty {
        Type::Def(id) => Some(*id),
        Type::Array(element, _) => def_of(element),
        _ => None,
    }
}

/// Changes of bytes, or of what they mean.
fn mutations(layouts: &Layouts) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for (index, def) in layouts.model.types.iter().enumerate() {
        let of = Of::Type(TypeId(index as u32));
        let mut add = |what: &str, change: Edit| changes.push((what.to_owned(), of, change));
        match def {
            TypeDef::Record(_) => record_mutations(layouts, index, &mut add),
            TypeDef::Enum(def) => {
                add("repr", Box::new(move |it| with_enum(it, index, |def| def.repr = another(def.repr))));
                for value in 0..def.variants.len() {
                    add("value", Box::new(move |it| with_enum(it, index, |def| def.variants[value].value += 1000)));
                    add(
                        "name",
                        Box::new(move |it| with_enum(it, index, |def| rename(&mut def.variants[value].name.spec))),
                    );
                    add("gone", Box::new(move |it| with_enum(it, index, |def| drop(def.variants.remove(value)))));
                }
            }
            TypeDef::Flags(def) => {
                add("repr", Box::new(move |it| with_flags(it, index, |def| def.repr = another(def.repr))));
                for bit in 0..def.bits.len() {
                    add("value", Box::new(move |it| with_flags(it, index, |def| def.bits[bit].value <<= 1)));
                    add("name", Box::new(move |it| with_flags(it, index, |def| rename(&mut def.bits[bit].name.spec))));
                }
            }
            TypeDef::Extern(_) => {
                add("size", Box::new(move |it| with_extern(it, index, |def| def.size += 1)));
                add("C type", Box::new(move |it| with_extern(it, index, |def| def.c_type.push_str("_x"))));
            }
        }
    }
    map_mutations(layouts, &mut changes);
    // A value that is gone takes its index with it, which tags are given by.
    changes.retain(|(what, of, _)| what != "gone" || !is_a_tag(layouts, *of));
    changes
}

fn is_a_tag(layouts: &Layouts, of: Of) -> bool {
    let tags = layouts.model.records().flat_map(|(_, record)| {
        let event = match &record.kind {
            RecordKind::Event { tag: Some(tag) } => Some(&tag.value),
            _ => None,
        };
        record.fields.iter().flat_map(|field| &field.when).chain(event)
    });
    tags.into_iter().any(|value| matches!(value, TagValue::Variant(id, _) if Of::Type(*id) == of))
}

fn record_mutations(layouts: &Layouts, index: usize, add: &mut dyn FnMut(&str, Edit)) {
    let TypeDef::Record(record) = &layouts.model.types[index] else { return };
    if !record.anonymous {
        add("size", Box::new(move |it| it.types[index].size += 8));
        add(
            "kind",
            Box::new(move |it| {
                with_record(it, index, |record| {
                    let union = record.kind == RecordKind::Union;
                    record.kind = if union { RecordKind::Struct } else { RecordKind::Union };
                })
            }),
        );
    }
    for (number, member) in layouts.types[index].members.iter().enumerate() {
        match member {
            Member::Field { field, .. } => {
                if !record.fields[*field].anonymous {
                    add("offset", Box::new(move |it| with_place(it, index, number, |offset, _| *offset += 1)));
                    add("bytes", Box::new(move |it| with_place(it, index, number, |_, size| *size += 1)));
                    field_mutations(index, *field, &record.fields[*field].ty, add);
                }
            }
            Member::Bits(run) => {
                for (bit, bits) in run.bits.iter().enumerate() {
                    let Some(field) = bits.field else { continue };
                    add("bit", Box::new(move |it| with_bits(it, index, number, |bits| bits[bit].bit_offset += 1)));
                    add("width", Box::new(move |it| with_bits(it, index, number, |bits| bits[bit].width += 1)));
                    field_mutations(index, field, &record.fields[field].ty, add);
                }
            }
            Member::Padding { .. } => {}
        }
    }
}

fn field_mutations(index: usize, field: usize, ty: &Type, add: &mut dyn FnMut(&str, Edit)) {
    let with = move |it: &mut Layouts, change: &dyn Fn(&mut bpf_layout_spec::model::Field)| {
        with_record(it, index, |record| change(&mut record.fields[field]));
    };
    add("field's name", Box::new(move |it| with(it, &|field| rename(&mut field.name.spec))));
    add(
        "contents",
        Box::new(move |it| with(it, &|field| field.contains = Some(("some".into(), Word::from("node")).into()))),
    );
    add("when", Box::new(move |it| with(it, &|field| field.when.push(TagValue::Number(77)))));
    add(
        "array",
        Box::new(move |it| {
            with(it, &|field| {
                field.ty = Type::Array(Box::new(field.ty.clone()), Count { value: 1, expr: Expr::Literal(1) })
            });
        }),
    );
    if !matches!(ty, Type::Def(_)) {
        add("type", Box::new(move |it| with(it, &|field| field.ty = other_type(&field.ty))));
    }
}

fn map_mutations(layouts: &Layouts, changes: &mut Vec<Change>) {
    for (index, map) in layouts.model.maps.iter().enumerate() {
        let of = Of::Map(MapId(index as u32));
        let mut add = |what: &str, change: fn(&mut bpf_layout_spec::model::Map)| {
            changes.push((what.to_owned(), of, Box::new(move |it| change(&mut it.model.maps[index]))));
        };
        add("type", |map| map.kind = MAP_KINDS.iter().find(|kind| kind.id != map.kind.id).expect("several"));
        add("pinning", |map| map.pinned_by_name = !map.pinned_by_name);
        add("node", |map| map.numa_node = Some(map.numa_node.map_or(0, |node| node + 1)));
        add("extra", |map| map.map_extra = Some(map.map_extra.map_or(0, |extra| extra + 1)));
        add("entries", |map| {
            let value = map.max_entries.as_ref().map_or(0, |count| count.value + 1);
            map.max_entries = Some(Count { value, expr: Expr::Literal(value) });
        });
        add("flag", |map| {
            let other = MAP_FLAGS.iter().find(|flag| map.flags.iter().all(|had| had.bit != flag.bit));
            map.flags.push(other.expect("no map has all flags"));
        });
        add("key", |map| map.key = Some(map.key.as_ref().map_or(Type::Scalar(Scalar::Mac), other_type)));
        add("value", |map| map.value = Some(map.value.as_ref().map_or(Type::Scalar(Scalar::Mac), other_type)));
        if !map.events.is_empty() {
            add("event", |map| map.events.truncate(map.events.len() - 1));
        }
        if map.inner.is_some() {
            add("inner", |map| map.inner = None);
        }
    }
}

fn rename(name: &mut Word) {
    *name = format!("{name}_x").into();
}

fn another(scalar: Scalar) -> Scalar {
    if scalar == Scalar::U32 { Scalar::I32 } else { Scalar::U32 }
}

fn other_type(ty: &Type) -> Type {
    let longer = |count: &Count| Count { value: count.value + 1, expr: count.expr.clone() };
    match ty {
        Type::Scalar(scalar) => Type::Scalar(another(*scalar)),
        Type::Str(count) => Type::Str(longer(count)),
        Type::Bytes(count) => Type::Bytes(longer(count)),
        Type::Variable(variable) => {
            Type::Variable(Variable { limit: longer(&variable.limit), ..Variable::clone(variable) }.into())
        }
        Type::Array(element, count) => Type::Array(element.clone(), longer(count)),
        Type::Def(_) | Type::Kernel(_) | Type::Kptr(..) => Type::Scalar(Scalar::U16),
    }
}

fn with_record(layouts: &mut Layouts, index: usize, change: impl FnOnce(&mut bpf_layout_spec::model::Record)) {
    if let TypeDef::Record(record) = &mut layouts.model.types[index] {
        change(record);
    }
}

fn with_enum(layouts: &mut Layouts, index: usize, change: impl FnOnce(&mut bpf_layout_spec::model::Enum)) {
    if let TypeDef::Enum(def) = &mut layouts.model.types[index] {
        change(def);
    }
}

fn with_flags(layouts: &mut Layouts, index: usize, change: impl FnOnce(&mut bpf_layout_spec::model::Flags)) {
    if let TypeDef::Flags(def) = &mut layouts.model.types[index] {
        change(def);
    }
}

fn with_extern(layouts: &mut Layouts, index: usize, change: impl FnOnce(&mut bpf_layout_spec::model::Extern)) {
    if let TypeDef::Extern(def) = &mut layouts.model.types[index] {
        change(def);
    }
}

fn with_place(layouts: &mut Layouts, index: usize, member: usize, change: impl FnOnce(&mut u64, &mut u64)) {
    if let Member::Field { offset, size, .. } = &mut layouts.types[index].members[member] {
        change(offset, size);
    }
}

fn with_bits(
    layouts: &mut Layouts,
    index: usize,
    member: usize,
    change: impl FnOnce(&mut [bpf_layout_spec::layout::Bits]),
) {
    if let Member::Bits(run) = &mut layouts.types[index].members[member] {
        change(&mut run.bits);
    }
}

#[test]
fn nothing_cosmetic_changes_a_fingerprint() {
    for spec in specs() {
        let (base, profiles) = load_all(&spec);
        for layouts in std::iter::once(&base.layouts).chain(&profiles) {
            let mut other = layouts.clone();
            repaint(&mut other);
            let fingerprints =
                |layouts| all(layouts).into_iter().map(|(_, fingerprint)| fingerprint).collect::<Vec<_>>();
            assert_eq!(fingerprints(layouts), fingerprints(&other), "{}", spec.display());
        }
    }
}

/// Changes everything that does not count.
fn repaint(layouts: &mut Layouts) {
    let nowhere = Span { file: FileId(0), start: 0, end: 0 };
    let model = &mut layouts.model;
    model.version = Version { number: 99, span: None };
    model.budget = None;
    model.profile = Some("another".into());
    for (def, layout) in model.types.iter_mut().zip(&mut layouts.types) {
        match def {
            TypeDef::Record(record) => {
                layout.align *= 2;
                record.doc = Some("Another.".into());
                record.reserved.push(Reserved { what: ReservedItem::Name("gone".into()), span: nowhere });
                record.packed = Some(8);
                record.align = Some(8);
                rename(&mut record.name.spec);
                if record.kind == RecordKind::Struct {
                    record.kind = RecordKind::Event { tag: None };
                }
                for field in &mut record.fields {
                    field.doc = None;
                    field.name.span = nowhere;
                    rename(&mut field.name.c);
                    rename(&mut field.name.rust);
                    field.offset = Some(1);
                    field.align = Some(64);
                    field.optional = !field.optional;
                    field.since = Some(Version { number: 7, span: None });
                }
                for member in &mut layout.members {
                    if let Member::Padding { index, .. } = member {
                        *index += 1;
                    }
                }
                if record.kind == RecordKind::Union {
                    layout.members.reverse();
                }
            }
            TypeDef::Enum(def) => {
                rename(&mut def.name.spec);
                def.doc = Some("Another.".into());
                def.variants.iter_mut().for_each(|variant| rename(&mut variant.name.c));
            }
            TypeDef::Flags(def) => {
                rename(&mut def.name.spec);
                def.bits.iter_mut().for_each(|bit| bit.doc = None);
            }
            TypeDef::Extern(def) => {
                rename(&mut def.name.spec);
                def.include = None;
                def.rust_type = Some("x::Y".into());
                layout.align *= 2;
                def.align *= 2;
            }
        }
    }
    for map in &mut model.maps {
        rename(&mut map.name.spec);
        map.doc = Some("Another.".into());
        map.budget = Some(1);
        map.flags.reverse();
        map.events.reverse();
        if let Some(count) = &mut map.max_entries {
            count.expr = Expr::Literal(count.value);
        }
    }
}
