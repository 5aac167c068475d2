//! Enums: the integer that holds one, and what its values have in common.

use std::collections::HashMap;

use bpf_layout_spec::{
    compare::{ObservedEnum, Sign},
    scalar::Scalar,
};

use crate::{
    draft::{Values, Variant},
    found::TypeHint,
    names,
    written::integer,
};

/// From here on, a value of 32 bits without a known sign is taken for a negative one: errors and "none" are.
const NEGATIVE: i128 = 0xffff_f000;

/// The integer that holds an enum, whatever its values are.
pub(crate) fn repr(def: &ObservedEnum<'_>) -> Option<Scalar> {
    integer(def.size, is_signed(def)).filter(|scalar| scalar.info().size <= 8)
}

fn is_signed(def: &ObservedEnum<'_>) -> bool {
    let mut values = def.values.iter().flatten().map(|(_, value)| *value);
    values.clone().any(|value| value < 0)
        || def.sign == Sign::Unknown && {
            let beyond: Vec<i128> = values.by_ref().filter(|value| *value > i32::MAX.into()).collect();
            !beyond.is_empty() && beyond.iter().all(|value| *value >= NEGATIVE)
        }
}

/// What an enum is written as, and what of it cannot be; `None` if it has no values to write.
pub(crate) fn values(def: &ObservedEnum<'_>, hint: &TypeHint<'_>) -> Option<(Values, Vec<String>)> {
    let repr = repr(def)?;
    let found = def.values.as_ref().filter(|values| !values.is_empty())?;
    let signed = is_signed(def);
    let (least, most) = repr.integer_range()?;
    let mut comments = Vec::new();
    let mut first: HashMap<i128, usize> = HashMap::new();
    let mut kept = Vec::new();
    for (index, (name, value)) in found.iter().enumerate() {
        // A writer that says nothing of signs has 32 bits for each value, however few the enum has.
        let wide = 1i128 << (def.size.max(4) * 8);
        let value = if signed && *value > most { *value - wide } else { *value };
        if !(least..=most).contains(&value) {
            comments.push(format!("{name} is {value}, which {} bytes do not hold", def.size));
        } else {
            let doc = hint.members.get(index).and_then(|hint| hint.doc.clone());
            let earlier = first.get(&value).copied();
            first.entry(value).or_insert(kept.len());
            kept.push((*name, value, earlier, doc));
        }
    }
    let prefix = prefix(&kept.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
    let in_spec = |name: &str| {
        let short = &name[prefix.len()..];
        let lower = short.to_ascii_lowercase();
        names::identifier(if upper(&lower) == short { &lower } else { short }, "unnamed")
    };
    let names: Vec<String> = kept.iter().map(|(name, ..)| in_spec(name)).collect();
    let variants = kept.into_iter().zip(&names).map(|((source, value, earlier, doc), name)| {
        let same_as = earlier.map(|first| names[first].clone());
        Variant { name: name.clone(), source: source.to_owned(), c: None, value, same_as, doc }
    });
    let variants = variants.collect();
    Some((Values { repr: repr.info().name, prefix, variants }, comments))
}

/// As the language makes a constant of a variant's name in lower case.
fn upper(lower: &str) -> String {
    lower.to_ascii_uppercase()
}

/// What all names begin with, up to an underscore, so that what is left of each is an identifier.
fn prefix(names: &[&str]) -> String {
    let Some((first, others)) = names.split_first() else { return String::new() };
    let common = others.iter().fold(first.len(), |len, name| {
        first.bytes().zip(name.bytes()).take(len).take_while(|(one, other)| one == other).count()
    });
    let shared = if others.is_empty() { first } else { first.get(..common).unwrap_or_default() };
    let fits = |end: usize| {
        names.iter().all(|name| {
            let rest = &name[end..];
            rest.starts_with(|letter: char| letter.is_ascii_alphabetic()) && !rest.is_empty()
        }) && !first[..end].starts_with("__")
    };
    let ends = shared.rmatch_indices('_').map(|(at, _)| at + 1);
    ends.into_iter().find(|end| fits(*end)).map_or_else(String::new, |end| first[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end_with_an_underscore_and_leave_names() {
        for (names, expected) in [
            (&["FILE_OP_OPEN", "FILE_OP_UNLINK"][..], "FILE_OP_"),
            (&["AF_INET", "AF_INET6"], "AF_"),
            (&["V_4", "V_6"], ""),
            (&["ONE", "TWO"], ""),
            (&["EVENT_EXEC"], "EVENT_"),
            (&["a_b_c", "a_b_d"], "a_b_"),
        ] {
            assert_eq!(prefix(names), expected, "{names:?}");
        }
    }
}
