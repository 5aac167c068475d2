//! Fields of structs, events and unions.

use super::{
    context::{Draft, Part, Presence, RecordView, numbers, sides},
    same::{Typed, same},
    verdict::{Reads, Verdicts},
};
use crate::{
    compare::flat::SpecField,
    diff::{Aspect, Detail, Value},
    model::Type,
    scalar::{Scalar, ScalarClass},
};

/// A field in the versions that have it, each with its record.
struct Sides<'a> {
    old: RecordView<'a>,
    new: RecordView<'a>,
}

impl<'a> Sides<'a> {
    fn of(part: &Part<'a>) -> Option<Self> {
        let (cx, name) = (part.pair.cx, part.pair.name());
        Some(Sides { old: cx.old.record(name)?, new: cx.new.record(name)? })
    }

    /// The field, if both versions have it.
    fn both(&self, name: &str) -> Option<(&SpecField<'a>, &SpecField<'a>)> {
        self.old.field(name).zip(self.new.field(name))
    }
}

fn presence(part: &Part<'_>) -> Presence {
    part.presence(Aspect::Offset)
}

fn is_renamed(part: &Part<'_>) -> bool {
    part.pair.renames.iter().any(|rename| rename.old == part.name || rename.new == part.name)
}

/// What readers see of a type that has keys among its uses: for a key, other bytes are another key.
fn unless_key(part: &Part<'_>, reads: Reads) -> Reads {
    if part.pair.exposure.key { Reads::neither("it is part of a key, and equal keys have equal bytes") } else { reads }
}

const LAST: &str = "put new fields at the end or into padding, and leave those that exist where they are";

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
    let sides = Sides::of(part)?;
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
    let new = &part.pair.cx.new;
    let declared = new.record(part.pair.name()).map(|view| new.declared(view.record)).unwrap_or_default();
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
    let sides = Sides::of(part)?;
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
    Some(drafted(part, "was added in the place of other fields", &reads, Aspect::Offset)?.help(LAST))
}

pub(super) fn member_added(part: &Part<'_>) -> Option<Draft> {
    if came(part)? != Came::Member {
        return None;
    }
    let sides = Sides::of(part)?;
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

pub(super) fn moved(part: &Part<'_>) -> Option<Draft> {
    if presence(part) != Presence::Both {
        return None;
    }
    let detail = part
        .detail(Aspect::Offset)
        .or_else(|| part.detail(Aspect::Bit).filter(|bit| bit.old.is_some() && bit.new.is_some()))?;
    let (old, new) = sides(detail);
    let message = format!("{} moved from {old} to {new}", part.title());
    let verdicts = part.pair.verdicts(&Reads::neither("readers of the other version take other bytes for it"));
    Some(part.draft(message, verdicts, detail).help(LAST))
}

/// Another width of a bitfield, or a bitfield on one side only.
pub(super) fn bits(part: &Part<'_>) -> Option<Draft> {
    let detail = part.detail(Aspect::Bits).filter(|_| presence(part) == Presence::Both)?;
    let message = match (&detail.old, &detail.new) {
        (None, _) => format!("{} is a bitfield now", part.title()),
        (_, None) => format!("{} is no bitfield any more", part.title()),
        _ => {
            let (old, new) = sides(detail);
            format!("{} has {new} instead of {old}", part.title())
        }
    };
    let verdicts = part.pair.verdicts(&Reads::neither("readers of the other version take more or fewer bits for it"));
    Some(
        part.draft(message, verdicts, detail)
            .help("leave it as it is, and put the wider value into a field of its own"),
    )
}

pub(super) fn size(part: &Part<'_>) -> Option<Draft> {
    if presence(part) != Presence::Both || part.detail(Aspect::Bits).is_some() {
        return None;
    }
    let detail = part.detail(Aspect::Size)?;
    let (old, new) = sides(detail);
    let reads = match grows_into_padding(part, detail) {
        true => unless_key(part, Reads::only_new(format!("old readers see its first {old} only"))),
        false => Reads::neither("readers of the other version take more or fewer bytes for it"),
    };
    let message = format!("{} has {new} instead of {old}", part.title());
    let draft = part.draft(message, part.pair.verdicts(&reads), part.detail(Aspect::Type).unwrap_or(detail));
    Some(draft.help("leave it as it is, and put the longer one into a field of its own at the end"))
}

/// Whether a text, run of bytes or array became longer by bytes that were zero before.
fn grows_into_padding(part: &Part<'_>, size: &Detail) -> bool {
    let Some(sides) = Sides::of(part) else { return false };
    let Some((old, new)) = sides.both(part.name) else { return false };
    let (before, after) = numbers(size);
    let (old_end, new_end) = (old.bit_offset + old.bit_size, new.bit_offset + new.bit_size);
    after > before
        && old.bit_offset == new.bit_offset
        && is_prefix(part, &old.field.ty, &new.field.ty)
        && sides.old.is_padding(old_end, new_end)
}

/// Whether the one type is the beginning of the other.
fn is_prefix(part: &Part<'_>, old: &Type, new: &Type) -> bool {
    match (old, new) {
        (Type::Str(_), Type::Str(_)) | (Type::Bytes(_), Type::Bytes(_)) => true,
        (Type::Array(old, _), Type::Array(new, _)) => is_same(part, old, new),
        _ => false,
    }
}

fn is_same(part: &Part<'_>, old: &Type, new: &Type) -> bool {
    let cx = part.pair.cx;
    same(Typed { layouts: cx.old.layouts, ty: old }, Typed { layouts: cx.new.layouts, ty: new })
}

/// What another type of the same size is.
#[derive(PartialEq, Eq)]
enum Retyped {
    Sign,
    Meaning,
    NameOnly,
}

fn retyped(part: &Part<'_>) -> Option<Retyped> {
    if presence(part) != Presence::Both || part.detail(Aspect::Size).is_some() {
        return None;
    }
    part.detail(Aspect::Type)?;
    let sides = Sides::of(part)?;
    let (old, new) = sides.both(part.name)?;
    let (old, new) = (&old.field.ty, &new.field.ty);
    Some(if is_same(part, old, new) {
        Retyped::NameOnly
    } else if is_other_sign(old, new) {
        Retyped::Sign
    } else {
        Retyped::Meaning
    })
}

fn is_other_sign(old: &Type, new: &Type) -> bool {
    let class = |ty: &Type| match ty {
        Type::Scalar(scalar) => Some(Scalar::info(*scalar).class),
        _ => None,
    };
    matches!(
        (class(old), class(new)),
        (Some(ScalarClass::Signed), Some(ScalarClass::Unsigned))
            | (Some(ScalarClass::Unsigned), Some(ScalarClass::Signed))
    )
}

pub(super) fn sign(part: &Part<'_>) -> Option<Draft> {
    if retyped(part)? != Retyped::Sign {
        return None;
    }
    let reads = Reads::neither("a value with the highest bit set is another number for readers of the other version");
    Some(other_type(part, &reads)?.help("leave it as it is, and add a field of the other sign"))
}

pub(super) fn ty(part: &Part<'_>) -> Option<Draft> {
    if retyped(part)? != Retyped::Meaning {
        return None;
    }
    let reads = Reads::neither("its bytes mean something else to readers of the other version");
    Some(other_type(part, &reads)?.help("leave it as it is, and add a field of the other type"))
}

pub(super) fn same_bytes(part: &Part<'_>) -> Option<Draft> {
    if retyped(part)? != Retyped::NameOnly {
        return None;
    }
    other_type(part, &Reads::fine())
}

fn other_type(part: &Part<'_>, reads: &Reads) -> Option<Draft> {
    let detail = part.detail(Aspect::Type)?;
    let (old, new) = sides(detail);
    Some(part.draft(format!("{} is {new} instead of {old}", part.title()), part.pair.verdicts(reads), detail))
}

/// The tag of a union, or the values of it that select a member.
pub(super) fn tag(part: &Part<'_>) -> Option<Draft> {
    if presence(part) != Presence::Both {
        return None;
    }
    let detail = part.detail(Aspect::Tag).or_else(|| part.detail(Aspect::When))?;
    let (old, new) = sides(detail);
    let what = if detail.aspect == Aspect::Tag { "is told by" } else { "is selected by" };
    let reads = match only_more(detail) {
        true => Reads::only_new("old readers do not know the added values of the tag"),
        false => Reads::neither("readers of the other version take another member of the union to be in use"),
    };
    let message = format!("{} {what} {new} instead of {old}", part.title());
    Some(
        part.draft(message, part.pair.verdicts(&reads), detail)
            .help("give a new member a value of the tag that was not in use"),
    )
}

/// Whether everything that selected a member still does.
fn only_more(detail: &Detail) -> bool {
    let (Some(Value::Text(old)), Some(Value::Text(new))) =
        (detail.old.as_ref().map(|side| &side.value), detail.new.as_ref().map(|side| &side.value))
    else {
        return false;
    };
    detail.aspect == Aspect::When && old.split(", ").all(|value| new.split(", ").any(|other| other == value))
}

/// The nodes of a list or tree of the kernel.
pub(super) fn contains(part: &Part<'_>) -> Option<Draft> {
    let detail = part.detail(Aspect::Contains).filter(|_| presence(part) == Presence::Both)?;
    let (old, new) = sides(detail);
    // Only programs see the nodes, and the verifier holds a program to the map that was created.
    let broken = "the verifier refuses a program whose nodes are not those of the map that was created";
    let pinned = part.pair.exposure.pinned.then_some(Some(broken));
    let verdicts = Verdicts::new([Some(None), Some(None), pinned, None]);
    Some(part.draft(format!("{} holds {new} instead of {old}", part.title()), verdicts, detail))
}
