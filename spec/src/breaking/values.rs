//! Values of enums, and bits of flags.

use super::{
    context::{Part, Presence, sides},
    draft::Draft,
    verdict::Reads,
};
use crate::{
    diff::{Aspect, Detail, Value},
    model::{TypeDef, Variant},
};

fn presence(part: &Part<'_>) -> Presence {
    part.presence(Aspect::Value)
}

fn detail<'a>(part: &Part<'a>, wanted: Presence) -> Option<&'a Detail> {
    part.detail(Aspect::Value).filter(|_| presence(part) == wanted)
}

fn is_renamed(part: &Part<'_>) -> bool {
    part.pair.renames.iter().any(|rename| rename.old == part.name || rename.new == part.name)
}

pub(super) fn changed(part: &Part<'_>) -> Option<Draft> {
    let detail = detail(part, Presence::Both)?;
    let (old, new) = sides(detail);
    let verdicts =
        part.pair.verdicts(&Reads::neither("the same number has another name for readers of the other version"));
    let message = format!("{} is {new} instead of {old}", part.title());
    Some(part.draft(message, verdicts, detail).help("leave its value as it is: values are part of the layout"))
}

pub(super) fn removed(part: &Part<'_>) -> Option<Draft> {
    let detail = detail(part, Presence::Removed).filter(|_| !is_renamed(part))?;
    let value = value(detail)?;
    let verdicts = part.pair.verdicts(&Reads::only_old("new readers have no name for the value"));
    let help = format!(
        "keep it until nothing of the old version is left that writes it; then write `reserved = [{value}, \"{}\"]`",
        part.name
    );
    Some(part.draft(format!("{} was removed", part.title()), verdicts, detail).help(help))
}

pub(super) fn added(part: &Part<'_>) -> Option<Draft> {
    let detail = detail(part, Presence::Added).filter(|_| !is_renamed(part) && predecessor(part).is_none())?;
    Some(part.draft(format!("{} was added", part.title()), part.pair.verdicts(&Reads::fine()), detail))
}

/// A new name for a value that had another name, and by `since` or `reserved` another meaning.
pub(super) fn reused(part: &Part<'_>) -> Option<Draft> {
    let detail = detail(part, Presence::Added).filter(|_| !is_renamed(part))?;
    let before = predecessor(part)?;
    let verdicts =
        part.pair.verdicts(&Reads::neither("the value has another meaning for readers of the other version"));
    let message = format!("{} has the value or bits that `{}` had", part.title(), before.name.spec);
    Some(part.draft(message, verdicts, detail).help("give it a value that was never in use"))
}

pub(super) fn renamed(part: &Part<'_>) -> Option<Draft> {
    let rename = part.pair.renames.iter().find(|rename| rename.new == part.name)?;
    let message = format!("`{}.{}` is called `{}` now", part.pair.name(), rename.old, rename.new);
    let draft = part.draft(message, part.pair.verdicts(&Reads::fine()), part.detail(Aspect::Value)?);
    Some(draft.help(format!(
        "if it means something else now, it needs another value: write `reserved = [\"{}\"]`",
        rename.old
    )))
}

/// The value of the old version that is gone and whose number, or bits, the part has now.
fn predecessor<'a>(part: &Part<'a>) -> Option<&'a Variant> {
    let value = value(part.detail(Aspect::Value)?)?;
    let (old, _) = part.pair.cx.old.values(part.pair.name())?;
    let (new, _) = part.pair.cx.new.values(part.pair.name())?;
    let is_flags = matches!(part.pair.new_type(), Some(TypeDef::Flags(_)));
    let has = |variant: &&Variant| if is_flags { variant.value & value != 0 } else { variant.value == value };
    old.iter().filter(has).find(|variant| new.iter().all(|other| other.name.spec != variant.name.spec))
}

/// The number of a value, on the side that there is.
pub(super) fn value(detail: &Detail) -> Option<i128> {
    match detail.new.as_ref().or(detail.old.as_ref()).map(|side| &side.value) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    }
}
