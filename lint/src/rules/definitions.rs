//! `shadow-define`: constants of a source's own that say what the spec says.

use std::collections::HashMap;

use bpf_layout_spec::model::{ConstKind, Constant};

use super::{
    SHADOW_DEFINE,
    repeat::{Repeat, in_words, repeat},
};
use crate::{
    constants::{Definition, is_of_the_system},
    finding::Finding,
    unit::Unit,
    usage::Use,
};

/// Constants that repeat a name of the generated header, a name and value of the spec, or a length they are used as.
pub(super) fn shadow_defines(unit: &Unit<'_>) -> Vec<Finding> {
    let used = used(unit);
    let definitions = unit.constants.definitions().iter();
    definitions
        .filter_map(|definition| {
            same_name(unit, definition)
                .or_else(|| {
                    used.get(definition.name).and_then(|(usage, repeat)| same_length(unit, definition, usage, repeat))
                })
                .or_else(|| alike(unit, definition))
        })
        .collect()
}

/// The first use of each constant of a source's own as a length.
fn used<'u, 'a>(unit: &'u Unit<'a>) -> HashMap<&'a str, (&'u Use<'a>, Repeat)> {
    let mut used = HashMap::new();
    for usage in unit.uses() {
        if let (Some(name), Some(repeat)) = (usage.number.name, repeat(unit.facts, usage)) {
            used.entry(name).or_insert((usage, repeat));
        }
    }
    used
}

/// A constant with a name that the generated header defines as well.
fn same_name(unit: &Unit<'_>, definition: &Definition<'_>) -> Option<Finding> {
    let Definition { name, span, .. } = definition;
    let generated = unit.facts.generated(name)?;
    let value = unit.constants.value_of(definition);
    let message = match (value, generated.value) {
        (Some(found), Some(expected)) if found != expected => {
            format!("`{name}` is {found} here and {expected} in the generated header")
        }
        _ => format!("`{name}` is also defined by the generated header"),
    };
    let finding = Finding::new(&SHADOW_DEFINE, *span, message)
        .also(generated.span, "comes from here")
        .help("remove this definition, and include the generated header")
        .of(name, None);
    Some(match (generated.value, value) {
        (Some(expected), Some(found)) => finding.numbers(expected, found),
        _ => finding,
    })
}

/// A constant that is used as the length of a field.
fn same_length(unit: &Unit<'_>, definition: &Definition<'_>, usage: &Use<'_>, repeat: &Repeat) -> Option<Finding> {
    if is_of_the_system(definition.name) {
        return None;
    }
    let (field, constant) = (unit.facts.field_at(repeat.field), unit.facts.model().constant(repeat.constant));
    let (name, path) = (definition.name, field.path());
    let (what, write) = (repeat.what(unit.facts, usage), in_words(repeat.write.as_deref()));
    let finding = Finding::new(
        &SHADOW_DEFINE,
        definition.span,
        format!("`{name}` is {}, {what} of `{path}`", usage.number.value),
    )
    .also(usage.span, "it is used here")
    .also(constant.name.span, format!("`{}` is {}", constant.name.spec, constant.value))
    .help(format!("write {write} instead of `{name}`"))
    .of(&field.record.name.spec, Some(&field.field.name.spec));
    Some(finding.numbers(repeat.length, usage.number.value))
}

/// A constant with the value of a length or capacity, and its name but for words such as `MAX`.
fn alike(unit: &Unit<'_>, definition: &Definition<'_>) -> Option<Finding> {
    let value = unit.constants.value_of(definition).filter(|value| *value > 1)?;
    if is_of_the_system(definition.name) {
        return None;
    }
    let same = |constant: &&Constant| {
        i128::from(constant.value) == value && sounds_like(definition.name, &constant.name.spec, constant.kind)
    };
    let constant = unit.facts.model().constants.iter().find(same)?;
    let (name, generated) = (definition.name, &constant.name.c);
    let help = match definition.how {
        "#define" => format!("write `{generated}` instead of `{name}`, or `#define {name} {generated}`"),
        _ => format!("write `{generated}` instead of `{name}`, or `{name} = {generated}`"),
    };
    let finding = Finding::new(
        &SHADOW_DEFINE,
        definition.span,
        format!("`{name}` is {value}, as `{}` is in the spec", constant.name.spec),
    )
    .also(constant.name.span, format!("`{}` is {}", constant.name.spec, constant.value))
    .help(help)
    .of(&constant.name.spec, None);
    Some(finding.numbers(value, value))
}

/// Words that say that something is a length, not of what.
const OF_LENGTHS: &[&str] = &["MAX", "MAXIMUM", "LEN", "LENGTH", "SIZE", "SZ", "BYTES", "LIMIT"];

/// Words that say that something is a number of entries, not of what.
const OF_CAPACITIES: &[&str] = &["MAX", "MAXIMUM", "ENTRIES", "NUM", "NR", "COUNT", "CAPACITY", "SIZE", "LIMIT"];

/// Whether two names differ in such words only: `MAX_PATH_LEN` and `PATH`.
pub(super) fn sounds_like(name: &str, spec: &str, kind: ConstKind) -> bool {
    let generic = match kind {
        ConstKind::Length => OF_LENGTHS,
        ConstKind::Capacity => OF_CAPACITIES,
    };
    let words = |name: &str| -> Vec<String> {
        let words = name.split('_').map(str::to_ascii_uppercase);
        words.filter(|word| !word.is_empty() && !generic.contains(&word.as_str())).collect()
    };
    let spec = words(spec);
    !spec.is_empty() && spec == words(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_alike_but_for_generic_words() {
        for (name, spec, kind, alike) in [
            ("MAX_PATH_LEN", "PATH", ConstKind::Length, true),
            ("path_size", "PATH", ConstKind::Length, true),
            ("PATH", "PATH", ConstKind::Length, true),
            ("TASK_COMM_LEN", "COMM", ConstKind::Length, false),
            ("MAX_LEN", "PATH", ConstKind::Length, false),
            ("MAX_LEN", "LEN", ConstKind::Length, false),
            ("MAX_SOCKETS", "SOCKETS", ConstKind::Capacity, true),
            ("SOCKETS_LEN", "SOCKETS", ConstKind::Capacity, false),
        ] {
            assert_eq!(sounds_like(name, spec, kind), alike, "{name} {spec}");
        }
    }
}
