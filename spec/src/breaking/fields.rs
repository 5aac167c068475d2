//! Fields that one version does not have, or has by another name.

use super::{
    context::{Part, Presence},
    draft::Draft,
    verdict::Reads,
};
use crate::{compare::flat::SpecField, diff::Aspect};

pub(super) fn presence(part: &Part<'_>) -> Presence {
    part.presence(Aspect::Offset)
}

fn is_renamed(part: &Part<'_>) -> bool {
    part.pair.renames.iter().any(|rename| rename.old == part.name || rename.new == part.name)
}

/// What readers see of a type that has keys among its uses: for a key, other bytes are another key.
pub(super) fn unless_key(part: &Part<'_>, reads: Reads) -> Reads {
    if part.pair.exposure.key { Reads::neither("it is part of a key, and equal keys have equal bytes") } else { reads }
}

pub(super) const BESIDE: &str = "put new fields at the end or into padding, and leave those that exist where they are";

/// What became of a field that the new version does not have.
#[derive(PartialEq, Eq)]
enum Gone {
    Removed,
    Omitted,
    Member,
}

fn gone(part: &Part<'_>) -> Option<Gone> {
    if presence(part) != Presence::Removed || is_renamed(part) {
        return None;
    }
    let sides = part.sides()?;
    let field = sides.old.field(part.name)?;
    if is_omitted(part) {
        return Some(Gone::Omitted);
    }
    let is_other = |other: &&SpecField<'_>| other.field.name.spec != part.name;
    let end = field.bit_offset + field.bit_size;
    let has_others = field.in_union && sides.old.overlapping(field.bit_offset, end).filter(is_other).count() > 0;
    Some(if has_others { Gone::Member } else { Gone::Removed })
}

/// Whether the new spec still has the field, and its profile leaves it out.
fn is_omitted(part: &Part<'_>) -> bool {
    let declared = part.sides().map(|sides| part.pair.cx.new.declared(sides.new.record)).unwrap_or_default();
    declared.iter().any(|field| field.omitted && field.name.spec == part.name)
}

pub(super) fn removed(part: &Part<'_>) -> Option<Draft> {
    if gone(part)? != Gone::Removed {
        return None;
    }
    let reads = Reads::only_new("old readers find zeros or another field in its place");
    let (name, version) = (part.name, part.pair.cx.old.number());
    let help = format!(
        "keep it until nobody reads version {version} any more; then remove it, write `reserved = [\"{name}\"]` and raise \
         `version`"
    );
    Some(drafted(part, "was removed", &reads, Aspect::Type)?.help(help))
}

pub(super) fn omitted(part: &Part<'_>) -> Option<Draft> {
    if gone(part)? != Gone::Omitted {
        return None;
    }
    let reads = Reads::only_new("old readers find zeros or another field in its place");
    Some(
        drafted(part, "is left out by the profile", &reads, Aspect::Type)?
            .help("build object and userspace of one profile together, or let every profile have the field"),
    )
}

pub(super) fn member_removed(part: &Part<'_>) -> Option<Draft> {
    if gone(part)? != Gone::Member {
        return None;
    }
    let reads = Reads::only_old("new readers have no name for what old writers put there");
    Some(
        drafted(part, "was removed from its union", &reads, Aspect::Type)?
            .help("keep it until nothing of the old version is left that writes it"),
    )
}

/// What bytes a field has that the old version does not have.
#[derive(PartialEq, Eq)]
enum Came {
    InPadding,
    AtEnd,
    Between,
    Member,
}

fn came(part: &Part<'_>) -> Option<Came> {
    if presence(part) != Presence::Added || is_renamed(part) {
        return None;
    }
    let sides = part.sides()?;
    let field = sides.new.field(part.name)?;
    let (start, end) = (field.bit_offset, field.bit_offset + field.bit_size);
    let before: Vec<&SpecField<'_>> = sides.old.overlapping(start, end).collect();
    Some(if sides.old.is_padding(start, end) {
        Came::InPadding
    } else if field.in_union && !before.is_empty() && before.iter().all(|other| other.in_union) {
        Came::Member
    } else if before.is_empty() && end > sides.old.layout.size * 8 {
        Came::AtEnd
    } else {
        Came::Between
    })
}

pub(super) fn in_padding(part: &Part<'_>) -> Option<Draft> {
    if came(part)? != Came::InPadding {
        return None;
    }
    drafted(part, "was added where there was padding", &unless_key(part, Reads::fine()), Aspect::Offset)
}

pub(super) fn appended(part: &Part<'_>) -> Option<Draft> {
    if came(part)? != Came::AtEnd {
        return None;
    }
    let reads = unless_key(part, Reads::only_old("what old writers wrote ends before it"));
    Some(drafted(part, "was added at the end", &reads, Aspect::Offset)?.help(
        "padding of the old version, where there is any, takes a field without growing: see `cargo bpf-layout show`",
    ))
}

pub(super) fn inserted(part: &Part<'_>) -> Option<Draft> {
    if came(part)? != Came::Between {
        return None;
    }
    let reads = Reads::neither("it has bytes that belonged to another field");
    Some(drafted(part, "was added in the place of other fields", &reads, Aspect::Offset)?.help(BESIDE))
}

pub(super) fn member_added(part: &Part<'_>) -> Option<Draft> {
    if came(part)? != Came::Member {
        return None;
    }
    let sides = part.sides()?;
    let tagged = sides.new.field(part.name).is_some_and(|field| !field.field.when.is_empty());
    // A tag tells old readers that it is none of the members they know.
    let reads =
        if tagged { Reads::fine() } else { Reads::only_new("old readers take it for another member of the union") };
    let draft = drafted(part, "was added to a union", &reads, Aspect::Type)?;
    Some(if tagged { draft } else { draft.help("tag the union: `tag = \"...\"` on it, `when = ...` on each member") })
}

/// A draft about a field that one version has.
fn drafted(part: &Part<'_>, what: &str, reads: &Reads, aspect: Aspect) -> Option<Draft> {
    let detail = part.detail(aspect)?;
    Some(part.draft(format!("{} {what}", part.title()), part.pair.verdicts(reads), detail))
}

pub(super) fn renamed(part: &Part<'_>) -> Option<Draft> {
    let rename = part.pair.renames.iter().find(|rename| rename.new == part.name)?;
    let message = format!("`{}.{}` is called `{}` now", part.pair.name(), rename.old, rename.new);
    let reads = part.pair.verdicts(&Reads::fine());
    let draft = part.draft(message, reads, part.detail(Aspect::Offset)?);
    Some(draft.help(format!(
        "if it means something else now, say so: `since = {}`, and `reserved = [\"{}\"]`",
        part.pair.cx.new.number(),
        rename.old
    )))
}
