//! What tells events and members of unions apart: compared as numbers, since names of values can change.

use std::collections::BTreeSet;

use super::{
    context::{Pair, Part, Presence, RecordView, Version, sides},
    draft::Draft,
    fields::presence,
    verdict::Reads,
};
use crate::{
    diff::{Aspect, Detail, Side, Value},
    layout::Layouts,
    model::{EventTag, Field, RecordKind, TagValue, TypeDef},
};

/// What tells an event from others, which matters where records travel: an entry of a map is what the map holds.
pub(super) fn event_tag(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = pair.detail(Aspect::Tag).filter(|_| pair.in_both()) else { return Vec::new() };
    let (old, new) = sides(detail);
    let tags = [event_bits(&pair.cx.old, pair.name()), event_bits(&pair.cx.new, pair.name())];
    // A reader without a tag takes whatever has the right size.
    let reads = match tags {
        [None, Some(_)] => Reads::only_old("records that old writers sent do not have the tag"),
        [Some(_), None] => Reads::only_new("old readers refuse records without the tag"),
        [before, now] if before == now => Reads::fine(),
        _ => Reads::neither("readers of the other version refuse its records, or take them for another event"),
    };
    let message = format!("`{}` is told by {new} instead of {old}", pair.name());
    let draft = pair.draft(message, reads.verdicts(&pair.exposure.in_buffers_only())).at(detail);
    vec![if reads.is_fine() { draft } else { draft.help("give another event a tag that was not in use") }]
}

/// First bit and number of bits of an event's tag, and the number in them.
fn event_bits(version: &Version<'_>, name: &str) -> Option<(u64, u64, i128)> {
    let view: RecordView<'_> = version.record(name)?;
    let RecordKind::Event { tag: Some(EventTag { field, value }) } = &view.record.kind else { return None };
    let field = view.field(&view.record.fields[*field].name.spec)?;
    Some((field.bit_offset, field.bit_size, number(version.layouts, value)))
}

/// A tag's value as the number that is in memory.
fn number(layouts: &Layouts, value: &TagValue) -> i128 {
    match value {
        TagValue::Number(number) => *number,
        TagValue::Variant(id, index) => match layouts.model.ty(*id) {
            TypeDef::Enum(def) => def.variants[*index].value,
            // Tags are integers or enums; an index is as distinct as a value.
            TypeDef::Flags(_) | TypeDef::Record(_) | TypeDef::Extern(_) => *index as i128,
        },
    }
}

/// The numbers that select a member of a union.
fn numbers(layouts: &Layouts, field: &Field) -> BTreeSet<i128> {
    field.when.iter().map(|value| number(layouts, value)).collect()
}

/// The tag of a union, or the values of it that select a member.
pub(super) fn union_tag(part: &Part<'_>) -> Option<Draft> {
    if presence(part) != Presence::Both {
        return None;
    }
    let tag = part.detail(Aspect::Tag);
    let detail = tag.or_else(|| part.detail(Aspect::When))?;
    let (old, new) = sides(detail);
    let (what, reads) = match tag {
        Some(tag) => ("is told by", told_by(part, tag)),
        None => ("is selected by", selected_by(part)?),
    };
    let message = format!("{} {what} {new} instead of {old}", part.title());
    let draft = part.draft(message, part.pair.verdicts(&reads), detail);
    Some(if reads.is_fine() { draft } else { draft.help("give a new member a value of the tag that was not in use") })
}

const OTHER_MEMBER: &str = "readers of the other version take another member of the union to be in use";

/// The same field by another name is the same tag.
fn told_by(part: &Part<'_>, tag: &Detail) -> Reads {
    let name = |side: &Option<Side>| match side.as_ref().map(|side| &side.value) {
        Some(Value::Text(name)) => Some(name.clone()),
        _ => None,
    };
    let (old, new) = (name(&tag.old), name(&tag.new));
    let renames = &part.pair.renames;
    let is_same = renames.iter().any(|rename| Some(&rename.old) == old.as_ref() && Some(&rename.new) == new.as_ref());
    if is_same { Reads::fine() } else { Reads::neither(OTHER_MEMBER) }
}

fn selected_by(part: &Part<'_>) -> Option<Reads> {
    let sides = part.sides()?;
    let (old, new) = sides.both(part.name)?;
    let (old, new) = (numbers(part.pair.cx.old.layouts, old.field), numbers(part.pair.cx.new.layouts, new.field));
    Some(if old == new {
        Reads::fine()
    } else if old.is_subset(&new) {
        Reads::only_new("old readers do not know the added values of the tag")
    } else {
        Reads::neither(OTHER_MEMBER)
    })
}
