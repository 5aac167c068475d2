//! Fields that both versions have, otherwise.

use std::mem::discriminant;

use super::{
    context::{Part, Presence, numbers, sides},
    draft::Draft,
    fields::{BESIDE, presence, unless_key},
    same::{Typed, same},
    verdict::{Reads, Verdicts},
};
use crate::{
    diff::{Aspect, Detail},
    model::Type,
    scalar::{Scalar, ScalarClass},
};

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
    Some(part.draft(message, verdicts, detail).help(BESIDE))
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
    let Some(sides) = part.sides() else { return false };
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
    Limit,
    NameOnly,
}

fn retyped(part: &Part<'_>) -> Option<Retyped> {
    if presence(part) != Presence::Both || part.detail(Aspect::Size).is_some() {
        return None;
    }
    part.detail(Aspect::Type)?;
    let sides = part.sides()?;
    let (old, new) = sides.both(part.name)?;
    let (old, new) = (&old.field.ty, &new.field.ty);
    Some(if is_other_limit(old, new) {
        Retyped::Limit
    } else if is_same(part, old, new) {
        Retyped::NameOnly
    } else if is_other_sign(old, new) {
        Retyped::Sign
    } else {
        Retyped::Meaning
    })
}

/// Whether both are of variable length, and only how long they may be is otherwise.
fn is_other_limit(old: &Type, new: &Type) -> bool {
    match (old, new) {
        (Type::Variable(old), Type::Variable(new)) => discriminant(&old.kind) == discriminant(&new.kind),
        _ => false,
    }
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

/// A record says of each field how long it is, so readers of either version take what the other writes.
pub(super) fn limit(part: &Part<'_>) -> Option<Draft> {
    if retyped(part)? != Retyped::Limit {
        return None;
    }
    other_type(part, &Reads::fine())
}

fn other_type(part: &Part<'_>, reads: &Reads) -> Option<Draft> {
    let detail = part.detail(Aspect::Type)?;
    let (old, new) = sides(detail);
    Some(part.draft(format!("{} is {new} instead of {old}", part.title()), part.pair.verdicts(reads), detail))
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
