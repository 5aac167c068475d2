//! Fields and values that have another name and are otherwise what they were.

use super::{
    context::Cx,
    same::{Typed, same},
};
use crate::{
    compare::flat::SpecField,
    diff::{Aspect, Change, Subject},
    model::{Reserved, ReservedItem, Version},
};

/// A name that only the old version has, and the name that only the new one has for the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rename {
    pub(super) old: String,
    pub(super) new: String,
}

/// The renames in one change. What says by `since` that it is new, and what took the place of a reserved name, is none:
/// whoever writes that says that it has another meaning.
pub(super) fn find(cx: &Cx<'_>, change: &Change) -> Vec<Rename> {
    if change.subject != Subject::Type || change.old.is_none() || change.new.is_none() {
        return Vec::new();
    }
    let only = |aspect, in_old: bool| -> Vec<&str> {
        let details = change.details.iter().filter(move |detail| detail.aspect == aspect && detail.of.is_some());
        details
            .filter(|detail| detail.old.is_some() == in_old && detail.new.is_some() != in_old)
            .filter_map(|detail| detail.of.as_deref())
            .collect()
    };
    fields(cx, change, &only(Aspect::Offset, true), &only(Aspect::Offset, false))
        .or_else(|| values(cx, change, &only(Aspect::Value, true), &only(Aspect::Value, false)))
        .unwrap_or_default()
}

fn fields(cx: &Cx<'_>, change: &Change, gone: &[&str], added: &[&str]) -> Option<Vec<Rename>> {
    let (old, new) = (cx.old.record(&change.name)?, cx.new.record(&change.name)?);
    let is_same = |left: &SpecField<'_>, right: &SpecField<'_>| {
        (left.bit_offset, left.bit_size, left.in_union) == (right.bit_offset, right.bit_size, right.in_union)
            && !is_new(cx, right.field.since)
            && same(
                Typed { layouts: cx.old.layouts, ty: &left.field.ty },
                Typed { layouts: cx.new.layouts, ty: &right.field.ty },
            )
    };
    let gone = gone.iter().filter(|name| !reserves(&new.record.reserved, name));
    Some(pairs(gone.copied(), added, |before, after| {
        old.field(before).zip(new.field(after)).is_some_and(|(before, after)| is_same(before, after))
    }))
}

fn values(cx: &Cx<'_>, change: &Change, gone: &[&str], added: &[&str]) -> Option<Vec<Rename>> {
    let ((old, _), (new, reserved)) = (cx.old.values(&change.name)?, cx.new.values(&change.name)?);
    let gone = gone.iter().filter(|name| !reserves(reserved, name));
    Some(pairs(gone.copied(), added, |before, after| {
        let before = old.iter().find(|variant| variant.name.spec == before);
        let after = new.iter().find(|variant| variant.name.spec == after);
        before.zip(after).is_some_and(|(before, after)| before.value == after.value && !is_new(cx, after.since))
    }))
}

/// Each old name with the first new one that matches and has no other.
fn pairs<'a>(
    gone: impl Iterator<Item = &'a str>,
    added: &[&'a str],
    matches: impl Fn(&str, &str) -> bool,
) -> Vec<Rename> {
    let mut left = added.to_vec();
    let mut pairs = Vec::new();
    for old in gone {
        if let Some(index) = left.iter().position(|new| matches(old, new)) {
            pairs.push(Rename { old: old.to_owned(), new: left.remove(index).to_owned() });
        }
    }
    pairs
}

/// Whether something says that it came in after the old version.
pub(super) fn is_new(cx: &Cx<'_>, since: Option<Version>) -> bool {
    since.is_some_and(|since| since.number > cx.old.number())
}

pub(super) fn reserves(reserved: &[Reserved], name: &str) -> bool {
    reserved.iter().any(|item| matches!(&item.what, ReservedItem::Name(reserved) if reserved == name))
}
