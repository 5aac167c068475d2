//! Definitions as a whole.

use super::{
    MAX_TRAILING,
    context::{Pair, numbers, sides},
    draft::Draft,
    exposure::Exposure,
    verdict::{Reads, Verdicts},
};
use crate::{
    diff::{Aspect, Value},
    model::{RecordKind, TypeDef},
};

/// A length or capacity. What it changes is told of the types and maps that use it.
pub(super) fn constant(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = pair.detail(Aspect::Value) else { return Vec::new() };
    let (old, new) = sides(detail);
    let message = match (&detail.old, &detail.new) {
        (None, _) => format!("`{}` was added", pair.name()),
        (_, None) => format!("`{}` was removed", pair.name()),
        _ => format!("`{}` is {new} instead of {old}", pair.name()),
    };
    vec![pair.draft(message, Verdicts::apart()).at(detail)]
}

pub(super) fn budget(pair: &Pair<'_>) -> Vec<Draft> {
    vec![pair.draft("the budget is another", Verdicts::apart())]
}

pub(super) fn added(pair: &Pair<'_>) -> Vec<Draft> {
    match pair.change.old {
        None => vec![pair.draft(format!("`{}` was added", pair.name()), Verdicts::apart())],
        Some(_) => Vec::new(),
    }
}

/// What used it says so by itself.
pub(super) fn removed(pair: &Pair<'_>) -> Vec<Draft> {
    match pair.change.new {
        None => vec![pair.draft(format!("`{}` was removed", pair.name()), Verdicts::apart())],
        Some(_) => Vec::new(),
    }
}

pub(super) fn kind(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = pair.detail(Aspect::Kind).filter(|_| pair.in_both()) else { return Vec::new() };
    let (old, new) = sides(detail);
    // An event is a struct by another name in C.
    let reads = match (pair.old_type(), pair.new_type()) {
        (Some(old), Some(new)) if is_struct(old) && is_struct(new) => Reads::fine(),
        _ => Reads::neither("its bytes mean something else to readers of the other version"),
    };
    let message = format!("`{}` is {new} instead of {old}", pair.name());
    vec![pair.draft(message, pair.verdicts(&reads)).at(detail)]
}

fn is_struct(def: &TypeDef) -> bool {
    matches!(def, TypeDef::Record(record) if record.kind != RecordKind::Union)
}

/// Whether its size is that of its `repr`, which has a rule of its own.
fn is_enum(pair: &Pair<'_>) -> bool {
    let is = |def: Option<&TypeDef>| matches!(def, Some(TypeDef::Enum(_) | TypeDef::Flags(_)));
    is(pair.old_type()) && is(pair.new_type())
}

pub(super) fn size(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = pair.detail(Aspect::Size).filter(|_| pair.in_both() && !is_enum(pair)) else {
        return Vec::new();
    };
    let (old, new) = sides(detail);
    let draft = pair.draft(format!("`{}` has {new} instead of {old}", pair.name()), size_verdicts(pair)).at(detail);
    vec![match (pair.exposure.in_map(), pair.exposure.in_buffer()) {
        (true, _) => draft.help(format!(
            "keep `{0}` as it is, and put the new layout into `{0}_v2`, with a map of its own",
            pair.name()
        )),
        (_, true) => draft.help("send the new layout as another event, with another tag, beside this one"),
        _ => draft,
    }]
}

/// A record arrives whole at a reader that takes as many bytes, or up to [`MAX_TRAILING`] more. Everything else that has
/// another size is in another place, or refused.
fn size_verdicts(pair: &Pair<'_>) -> Verdicts {
    let Some((old, new)) = pair.detail(Aspect::Size).map(numbers) else { return Verdicts::apart() };
    let is_event = [pair.old_type(), pair.new_type()].into_iter().flatten().all(is_event);
    let in_map = pair.exposure.in_map();
    if !is_event || in_map {
        return pair.verdicts(&Reads::neither(if in_map {
            "entries have another size, and a map is refused whose size is another"
        } else {
            "what it is part of has another size, or other offsets"
        }));
    }
    if [pair.old_type(), pair.new_type()].into_iter().flatten().any(is_compact) {
        return pair.verdicts(&Reads::neither(
            "its records are refused: behind a struct of another size lie other bytes than the descriptors count",
        ));
    }
    let reads = Reads { new_of_old: refused(&pair.exposure, old, new), old_of_new: refused(&pair.exposure, new, old) };
    pair.verdicts(&reads)
}

fn is_event(def: &TypeDef) -> bool {
    matches!(def, TypeDef::Record(record) if matches!(record.kind, RecordKind::Event { .. }))
}

fn is_compact(def: &TypeDef) -> bool {
    matches!(def, TypeDef::Record(record) if record.is_compact())
}

/// Why a reader of `wanted` bytes refuses records of `written` bytes; `None` if it takes them.
fn refused(exposure: &Exposure, written: i128, wanted: i128) -> Option<String> {
    if written < wanted {
        return Some(format!("records of {written} bytes are refused as too short: {wanted} are needed"));
    }
    // A perf sample and its length field together fill whole `u64`s (`perf_event_output`).
    let delivered = if exposure.perf { (written + 4 + 7).div_euclid(8) * 8 - 4 } else { written };
    let trailing = delivered - wanted;
    (trailing > i128::from(MAX_TRAILING)).then(|| {
        format!(
            "records of {delivered} bytes are refused as too long: {wanted} and up to {MAX_TRAILING} more are taken"
        )
    })
}

/// Where its bytes lie is told field by field.
pub(super) fn align(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = pair.detail(Aspect::Align).filter(|_| pair.in_both() && !is_enum(pair)) else {
        return Vec::new();
    };
    let (old, new) = sides(detail);
    let message = format!("`{}` is aligned to {new} instead of {old}", pair.name());
    vec![pair.draft(message, pair.verdicts(&Reads::fine())).at(detail)]
}

pub(super) fn repr(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = pair.detail(Aspect::Repr).filter(|_| pair.in_both()) else { return Vec::new() };
    let (old, new) = sides(detail);
    let reads = Reads::neither("readers of the other version take another integer for it");
    let message = format!("`{}` is held in {new} instead of {old}", pair.name());
    vec![
        pair.draft(message, pair.verdicts(&reads))
            .at(detail)
            .help("leave it as it is: a wider one is another enum, in another field"),
    ]
}

/// How C and Rust name a type that is defined elsewhere.
pub(super) fn external(pair: &Pair<'_>) -> Vec<Draft> {
    let aspects = [Aspect::CType, Aspect::Include, Aspect::RustType];
    let details = aspects.into_iter().filter_map(|aspect| pair.detail(aspect)).filter(|_| pair.in_both());
    let draft = |detail: &crate::diff::Detail| {
        let (old, new) = sides(detail);
        // The same bytes, unless C declares another type with them.
        let reads = match detail.aspect {
            Aspect::CType => Reads::neither("its bytes are those of another C type"),
            _ => Reads::fine(),
        };
        let what = detail.aspect.id().replace('_', " ");
        pair.draft(format!("the {what} of `{}` is {new} instead of {old}", pair.name()), pair.verdicts(&reads))
            .at(detail)
    };
    details.map(draft).collect()
}

/// The text of a detail's sides, split into its names.
pub(super) fn names(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Text(text)) => text.split(", ").collect(),
        _ => Vec::new(),
    }
}
