//! Whether a number is one of the spec's: what to write instead of it, or which number it should be.

use bpf_layout_emit::c;
use bpf_layout_spec::model::{ConstId, Count, Expr};

use crate::{
    facts::{Facts, LongField, constants_in},
    usage::{Purpose, Unit, Use},
};

/// A number that is the spec's.
#[derive(Debug)]
pub(super) struct Repeat {
    /// The field, by index.
    pub(super) field: usize,
    /// What to write instead; nothing where only `sizeof` of the field will do.
    pub(super) write: Option<String>,
    /// The constant that it comes from.
    pub(super) constant: ConstId,
    /// The length that it is, or is one less than.
    pub(super) length: u64,
}

impl Repeat {
    /// What of the field the number is.
    pub(super) fn what(&self, facts: &Facts<'_>, usage: &Use<'_>) -> &'static str {
        let all = facts.field_at(self.field).lengths.get(usage.level).is_some_and(|length| length.value == self.length);
        match usage.purpose {
            _ if self.write.is_none() => "the size",
            Purpose::Mask if all => "the mask of the length",
            Purpose::Mask => "the mask of a part of the length",
            _ if !all => "a part of the length",
            _ if self.length > usage.number.value => "one less than the length",
            _ => "the length",
        }
    }
}

/// What to write, in a sentence.
pub(super) fn in_words(write: Option<&str>) -> String {
    write.map_or_else(|| "`sizeof` of the field".to_owned(), |write| format!("`{write}`"))
}

/// A number that is not, where it should be.
#[derive(Debug)]
pub(super) struct Stale {
    /// The field, by index.
    pub(super) field: usize,
    /// What the number should have been.
    pub(super) length: u64,
    /// The constant that it comes from.
    pub(super) constant: ConstId,
    /// The length by name; nothing where only `sizeof` of the field will do.
    pub(super) write: Option<String>,
}

/// Numbers up to this say nothing by themselves: only as an index, size, bound or mask.
const SMALL: u64 = 8;

/// From this length on, one less than it is meant to be just that, and a part of another is told.
const LAST_OF: u64 = 16;

/// What a number repeats.
pub(super) fn repeat(facts: &Facts<'_>, usage: &Use<'_>) -> Option<Repeat> {
    let value = usage.number.value;
    let weak = matches!(usage.purpose, Purpose::Argument | Purpose::Array | Purpose::Part);
    if value < 2 || weak && value <= SMALL {
        return None;
    }
    usage.fields.iter().find_map(|&index| {
        let field = facts.field_at(index);
        let named = lengths(field, usage).iter().find_map(|length| by_name(facts, length, usage.purpose, value));
        let (write, constant, length) = match named {
            Some((write, constant, length)) => (Some(write), constant, length),
            None => whole(facts, field, usage).map(|(constant, bytes)| (None, constant, bytes))?,
        };
        Some(Repeat { field: index, write, constant, length })
    })
}

/// The lengths of a field that a number may be: of one dimension, or of all that its bytes are in.
fn lengths<'f>(field: &LongField<'f>, usage: &Use<'_>) -> Vec<&'f Count> {
    let inner = field.lengths.get(usage.level..).unwrap_or_default();
    match usage.unit {
        Unit::Elements => inner.iter().take(1).copied().collect(),
        Unit::Bytes if field.element == 1 => inner.to_vec(),
        Unit::Bytes => Vec::new(),
    }
}

/// A number that is a length, or one of the constants that the length is made of.
fn by_name(facts: &Facts<'_>, length: &Count, purpose: Purpose, value: u64) -> Option<(String, ConstId, u64)> {
    let constants = constants_in(facts.model(), &length.expr);
    let first = *constants.first()?;
    let model = facts.model();
    let single = matches!(length.expr, Expr::Const(_));
    let whole = (length.value, c::count(model, length), first, single);
    let parts = constants.iter().map(|&id| (model.constant(id).value, model.constant(id).name.c.to_string(), id, true));
    // The first element beyond the end is none: as an index, the length itself is a mistake.
    let whole = Some(whole).filter(|_| purpose != Purpose::Index || value != length.value);
    whole.into_iter().chain(parts.filter(|part| (LAST_OF..length.value).contains(&part.0))).find_map(
        |(number, text, constant, single)| {
            written(purpose, value, number, &text, single).map(|write| (write, constant, number))
        },
    )
}

/// How C writes `value` by the name `text` of `number`, if it can.
fn written(purpose: Purpose, value: u64, number: u64, text: &str, single: bool) -> Option<String> {
    let last = value.checked_add(1) == Some(number);
    // A shift binds less tightly than what is subtracted from it.
    let less_one = || if text.contains("<<") { format!("({text}) - 1") } else { format!("{text} - 1") };
    match purpose {
        Purpose::Mask if last && number.is_power_of_two() => {
            Some(if single { format!("{text}_MASK") } else { format!("({})", less_one()) })
        }
        Purpose::Mask => None,
        _ if value == number => Some(text.to_owned()),
        Purpose::Index | Purpose::Bound | Purpose::Part | Purpose::Size { .. } if last && number >= LAST_OF => {
            Some(less_one())
        }
        _ => None,
    }
}

/// The bytes of a field that is more than a row of bytes.
fn whole(facts: &Facts<'_>, field: &LongField<'_>, usage: &Use<'_>) -> Option<(ConstId, u64)> {
    let inner = field.lengths.get(usage.level..)?;
    let constant = inner.iter().find_map(|length| constants_in(facts.model(), &length.expr).first().copied())?;
    let bytes = field.bytes(usage.level);
    let all = usage.unit == Unit::Bytes && matches!(usage.purpose, Purpose::Size { .. }) && usage.number.value == bytes;
    (all && !field.is_bytes()).then_some((constant, bytes))
}

/// What a number that repeats nothing should have been, if that is sure.
pub(super) fn stale(facts: &Facts<'_>, usage: &Use<'_>) -> Option<Stale> {
    // Beyond it are error codes and "no limit".
    const LARGEST: u64 = i32::MAX as u64;
    if !usage.sure || !(2..=LARGEST).contains(&usage.number.value) {
        return None;
    }
    let all: Option<Vec<Stale>> = usage.fields.iter().map(|&index| stale_for(facts, usage, index)).collect();
    all?.into_iter().next()
}

fn stale_for(facts: &Facts<'_>, usage: &Use<'_>, index: usize) -> Option<Stale> {
    let field = facts.field_at(index);
    let inner = field.lengths.get(usage.level..)?;
    let length = *inner.first()?;
    let constant = *constants_in(facts.model(), &length.expr).first()?;
    let limit = match usage.unit {
        Unit::Elements => length.value,
        Unit::Bytes => field.bytes(usage.level),
    };
    let by_name = usage.unit == Unit::Elements || field.is_bytes();
    let write = by_name.then(|| c::count(facts.model(), length));
    is_stale(usage, limit, field).then_some(Stale { field: index, length: limit, constant, write })
}

/// Whether a number cannot be meant with a length of `limit`.
fn is_stale(usage: &Use<'_>, limit: u64, field: &LongField<'_>) -> bool {
    /// A mask of fewer bits takes a part out of something.
    const SMALLEST_MASK: u64 = 15;
    let value = usage.number.value;
    match usage.purpose {
        // What is read into a field of one string may fill it: less leaves bytes that nothing uses.
        Purpose::Size { string: true } if usage.whole && field.is_string() => value != limit,
        Purpose::Size { .. } | Purpose::Bound | Purpose::Modulus => value > limit,
        Purpose::Index => value >= limit,
        Purpose::Mask if !(value + 1).is_power_of_two() => false,
        Purpose::Mask if value >= limit => true,
        Purpose::Mask => usage.whole && field.is_bytes() && value >= SMALLEST_MASK && value + 1 < limit,
        Purpose::Array => value != limit,
        Purpose::Part | Purpose::Argument => false,
    }
}
