//! Rules that need sizes and offsets: what the kernel takes as key and value, and where the tags of events lie.

use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    kernel::{Entries, MapKind},
    layout::{BitRun, Layouts, Member, SCRATCH_MAX},
    model::{EventTag, Intern, Map, Record, RecordKind, TagValue, Type, TypeDef, TypeId, Variable},
    source::Span,
};

use super::maps::rule_of;

/// Header of a record in a ring buffer (`BPF_RINGBUF_HDR_SZ`).
const RING_HEADER: u64 = 8;
/// Largest frame of a stack with build ids: `sizeof(struct bpf_stack_build_id)`.
const BUILD_ID_FRAME: u64 = 32;
/// `sysctl_perf_event_max_stack`.
const MAX_FRAMES: u64 = 127;

/// Checks everything that needs a layout.
pub(crate) fn check_limits(layouts: &Layouts, cx: &mut Diagnostics) {
    for (id, record) in layouts.model.records() {
        check_compact(layouts, id, record, cx);
    }
    for intern in &layouts.model.interns {
        check_intern(layouts, intern, cx);
    }
    for map in &layouts.model.maps {
        check_key(layouts, map, cx);
        check_value(layouts, map, cx);
        check_ring(layouts, map, cx);
        check_events(layouts, map, cx);
    }
}

/// A `key` or `value` whose size the map's type does not take.
fn oversized(map: &Map, part: &str, size: u64, label: String) -> Diagnostic {
    let message = format!("the {part} of the map `{}` has {size} bytes", map.name.spec);
    let span = if part == "key" { map.key_span } else { map.value_span };
    Diagnostic::new(Code::MapLimit, message, span, label).note(rule_of(map.kind))
}

fn also_defined(diagnostic: Diagnostic, layouts: &Layouts, ty: &Type, size: u64) -> Diagnostic {
    match ty {
        Type::Def(id) => {
            let name = layouts.model.ty(*id).name();
            diagnostic.also(name.span, format!("`{}` has {size} bytes", name.spec))
        }
        _ => diagnostic,
    }
}

fn list(sizes: &[u32]) -> String {
    let sizes: Vec<String> = sizes.iter().map(u32::to_string).collect();
    sizes.join(" or ")
}

fn check_key(layouts: &Layouts, map: &Map, cx: &mut Diagnostics) {
    let Some(key) = &map.key else { return };
    let MapKind { name, key_sizes, min_key, max_key, .. } = *map.kind;
    let (size, _) = layouts.size_align(key);
    let wrong = if !key_sizes.is_empty() && !key_sizes.iter().any(|&fits| u64::from(fits) == size) {
        oversized(map, "key", size, format!("`{name}` takes keys of {} bytes", list(key_sizes)))
    } else if size < u64::from(min_key) {
        oversized(map, "key", size, format!("`{name}` takes keys of at least {min_key} bytes"))
    } else if let Some(most) = max_key.filter(|&most| size > u64::from(most)) {
        let wrong = oversized(map, "key", size, format!("`{name}` takes keys of up to {most} bytes"));
        if map.kind.rule.ends_with("htab_map_alloc_check") {
            wrong
                .note("Linux before 5.11 refuses larger keys, and no Linux has room for one on the BPF stack")
                .help("shorten its strings, or use a hash of them as the key")
        } else {
            wrong
        }
    } else {
        return;
    };
    cx.push(also_defined(wrong, layouts, key, size));
}

fn check_value(layouts: &Layouts, map: &Map, cx: &mut Diagnostics) {
    let Some(value) = &map.value else { return };
    let MapKind { name, value_sizes, max_value, per_cpu, .. } = *map.kind;
    let (size, _) = layouts.size_align(value);
    // Per-CPU values are padded to 8 bytes before they are compared with the limit.
    let counted = if per_cpu { size.next_multiple_of(8) } else { size };
    let wrong = if !value_sizes.is_empty() && !value_sizes.iter().any(|&fits| u64::from(fits) == size) {
        oversized(map, "value", size, format!("`{name}` takes values of {} bytes", list(value_sizes)))
    } else if let Some(most) = max_value.filter(|&most| counted > u64::from(most)) {
        let wrong = oversized(map, "value", size, format!("`{name}` takes values of up to {most} bytes"));
        if per_cpu {
            wrong
                .note("a value per CPU lies in one unit of per-CPU memory, 32 KiB (`PCPU_MIN_UNIT_SIZE`)")
                .help("shorten its strings, or use a map without `percpu` in its name")
        } else {
            wrong
        }
    } else if let Some(wrong) = wrong_element(layouts, map, size).or_else(|| wrong_stack(map, size)) {
        wrong
    } else {
        return;
    };
    cx.push(also_defined(wrong, layouts, value, size));
}

/// Key and value of a hash map lie in one allocation.
fn wrong_element(layouts: &Layouts, map: &Map, value: u64) -> Option<Diagnostic> {
    let most = u64::from(map.kind.max_element?);
    let key = map.key.as_ref().map_or(0, |key| layouts.size_align(key).0).next_multiple_of(8);
    (key.saturating_add(value) > most).then(|| {
        let label = format!("`{}` takes keys and values of up to {most} bytes together", map.kind.name);
        oversized(map, "value", value, label)
    })
}

/// Stack traces: whole frames, at most 127 (`stack_map_alloc`).
fn wrong_stack(map: &Map, size: u64) -> Option<Diagnostic> {
    if map.kind.value_multiple == 1 {
        return None;
    }
    let build_ids = map.flags.iter().any(|flag| flag.name == "stack_build_id");
    let frame = if build_ids { BUILD_ID_FRAME } else { u64::from(map.kind.value_multiple) };
    let fits = size.is_multiple_of(frame) && size / frame <= MAX_FRAMES;
    (!fits).then(|| {
        let label = format!("expected up to {MAX_FRAMES} frames of {frame} bytes");
        oversized(map, "value", size, label).help("write `value = \"u64[127]\"`")
    })
}

/// A compact event is built in a value of a per-CPU map, and a descriptor has 15 bits for a length.
fn check_compact(layouts: &Layouts, id: TypeId, record: &Record, cx: &mut Diagnostics) {
    let Some(room) = layouts.room(id) else { return };
    let name = &record.name.spec;
    let long = record.variable().find(|(_, variable)| variable.most() > Variable::MAX);
    if let Some((field, variable)) = long {
        let message = format!("`{}` of `{name}` may have {} bytes", field.name.spec, variable.most());
        let label = format!("a field of variable length has up to {}", Variable::MAX);
        cx.push(Diagnostic::new(Code::TooLarge, message, field.ty_span, label).help("let it have fewer"));
        return;
    }
    if room.size > SCRATCH_MAX {
        let message = format!("`{name}` may have {} bytes", room.worst);
        let label =
            format!("an event with fields of variable length has up to {}", SCRATCH_MAX - (room.size - room.worst));
        cx.push(
            Diagnostic::new(Code::TooLarge, message, record.name.span, label)
                .note("it is built in a value per CPU, 32 KiB at most (`PCPU_MIN_UNIT_SIZE`)")
                .help("let its longest fields have fewer bytes, or send them in an event of their own"),
        );
    }
}

/// A string is hashed and compared word by word, and the verifier looks at every round of these loops.
fn check_intern(layouts: &Layouts, intern: &Intern, cx: &mut Diagnostics) {
    let TypeDef::Record(string) = layouts.model.ty(intern.string) else { return };
    let length = string.fields.iter().find_map(|field| match &field.ty {
        Type::Str(length) => Some(length.value),
        _ => None,
    });
    if let Some(length) = length.filter(|length| *length > Intern::MAX) {
        let message = format!("strings of {length} bytes cannot be interned");
        cx.push(
            Diagnostic::new(Code::TooLarge, message, intern.name.span, format!("expected up to {}", Intern::MAX))
                .note("a string is hashed and compared word by word, and the verifier looks at every round of these loops")
                .help("intern them by a shorter length; the longest path of the kernel has 4096 bytes"),
        );
    }
}

/// An event must fit into its ring buffer at all.
fn check_ring(layouts: &Layouts, map: &Map, cx: &mut Diagnostics) {
    let Some(bytes) = map.max_entries.as_ref().filter(|_| map.kind.entries == Entries::RingBytes) else { return };
    for &event in &map.events {
        let size = layouts.largest(event);
        if size.saturating_add(RING_HEADER) <= bytes.value {
            continue;
        }
        let name = layouts.model.ty(event).name();
        let message = format!("the event `{}` does not fit into the ring buffer `{}`", name.spec, map.name.spec);
        let label = format!("{size} bytes, and {RING_HEADER} of the kernel");
        cx.push(
            Diagnostic::new(Code::MapLimit, message, name.span, label)
                .also(map.name.span, format!("has {} bytes", bytes.value))
                .help("make the buffer larger, by far: it holds what userspace has not read yet"),
        );
    }
}

/// Several events in one buffer are told apart by a tag: the same bytes in each, another value in each.
fn check_events(layouts: &Layouts, map: &Map, cx: &mut Diagnostics) {
    if map.events.len() < 2 {
        return;
    }
    let mut seen: Vec<(TypeId, Place, i128)> = Vec::new();
    for &event in &map.events {
        let TypeDef::Record(record) = layouts.model.ty(event) else { continue };
        let RecordKind::Event { tag: Some(tag) } = &record.kind else {
            cx.push(untagged(map, record));
            continue;
        };
        let Some(place) = place_of(layouts, event, record, tag) else { continue };
        let value = number(layouts, &tag.value);
        if let Some((first, theirs, _)) = seen.first()
            && !theirs.same_bytes(&place)
        {
            cx.push(elsewhere(layouts, map, (*first, theirs), (event, &place)));
        } else if let Some((first, ..)) = seen.iter().find(|(_, _, earlier)| *earlier == value) {
            cx.push(same_value(layouts, map, *first, record));
        }
        seen.push((event, place, value));
    }
}

/// Where a tag lies.
struct Place {
    offset: u64,
    ty: Type,
    span: Span,
}

impl Place {
    fn same_bytes(&self, other: &Place) -> bool {
        self.offset == other.offset && self.ty == other.ty
    }
}

fn place_of(layouts: &Layouts, event: TypeId, record: &Record, tag: &EventTag) -> Option<Place> {
    let field = &record.fields[tag.field];
    let offset = layouts.of(event).members.iter().find_map(|member| match member {
        Member::Field { field, offset, .. } if *field == tag.field => Some(*offset),
        Member::Field { .. } | Member::Bits(BitRun { .. }) | Member::Padding { .. } => None,
    })?;
    Some(Place { offset, ty: field.ty.clone(), span: field.name.span })
}

fn number(layouts: &Layouts, value: &TagValue) -> i128 {
    match value {
        TagValue::Number(number) => *number,
        TagValue::Variant(id, index) => match layouts.model.ty(*id) {
            TypeDef::Enum(def) => def.variants[*index].value,
            TypeDef::Flags(_) | TypeDef::Record(_) | TypeDef::Extern(_) => 0,
        },
    }
}

fn untagged(map: &Map, record: &Record) -> Diagnostic {
    let message = format!("the event `{}` has no tag, and `{}` carries others, too", record.name.spec, map.name.spec);
    Diagnostic::new(Code::Tag, message, record.name.span, "cannot be told from the others")
        .also(map.name.span, "carries several events")
        .help("write `tag = { FIELD = \"variant\" }`, with a FIELD at the same offset in every event")
}

fn elsewhere(
    layouts: &Layouts,
    map: &Map,
    (first, theirs): (TypeId, &Place),
    (event, place): (TypeId, &Place),
) -> Diagnostic {
    let name = |id: TypeId| &layouts.model.ty(id).name().spec;
    let message = format!(
        "the tags of `{}` and `{}`, both in `{}`, lie at different places",
        name(first),
        name(event),
        map.name.spec
    );
    let what = |place: &Place| format!("at byte {}, {} bytes", place.offset, layouts.size_align(&place.ty).0);
    Diagnostic::new(Code::Tag, message, place.span, what(place))
        .also(theirs.span, what(theirs))
        .help("let both events start with the same fields, the tag first, of the same type")
}

fn same_value(layouts: &Layouts, map: &Map, first: TypeId, record: &Record) -> Diagnostic {
    let first = layouts.model.ty(first).name();
    let message = format!(
        "the events `{}` and `{}`, both in `{}`, have the same tag",
        first.spec, record.name.spec, map.name.spec
    );
    Diagnostic::new(Code::Tag, message, record.name.span, "has the same tag")
        .also(first.span, "as this event")
        .help("give each event of a buffer a value of its own")
}
