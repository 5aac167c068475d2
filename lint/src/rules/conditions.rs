//! `unknown-condition`: conditions of the preprocessor that a renamed constant has left behind. The preprocessor takes a
//! name that nothing defines for 0, silently (C11 6.10.1).

use std::collections::HashMap;

use bpf_layout_spec::{model::Record, suggest};

use super::UNKNOWN_CONDITION;
use crate::{finding::Finding, unit::Unit};

/// Names in `#if` and its like that are nearly names of the generated header, and that nothing defines.
pub(super) fn unknown_conditions(unit: &Unit<'_>) -> Vec<Finding> {
    let names = unit.facts.generated_names();
    let mut known = HashMap::new();
    let mut findings = Vec::new();
    for file in unit.files {
        for token in &file.conditions {
            let name = token.text(file.text());
            let meant = known
                .entry(name)
                .or_insert_with(|| if is_known(unit, name) { None } else { meant(unit, name, &names) });
            if let Some((meant, help)) = meant {
                let message = format!("nothing defines `{name}`, so that the preprocessor takes it for 0");
                let finding = Finding::new(&UNKNOWN_CONDITION, file.span(token, token), message);
                findings.push(finding.help(help.as_str()).of(meant, None));
            }
        }
    }
    findings
}

/// Whether something defines a name: the source, the generated header, or the compiler.
fn is_known(unit: &Unit<'_>, name: &str) -> bool {
    name == "defined" || name.starts_with("__") || unit.is_defined(name) || unit.facts.generated(name).is_some()
}

/// What a name is likely meant to be, and what to write.
fn meant(unit: &Unit<'_>, name: &str, names: &[&str]) -> Option<(String, String)> {
    /// Shorter names are too near one another.
    const SHORTEST: usize = 8;
    let (record, field) = unit
        .facts
        .records()
        .find_map(|record| {
            let field = name.strip_prefix(&format!("{}_HAS_", record.name.upper))?;
            Some((record, record.fields.iter().find(|known| known.name.upper == field)))
        })
        .unzip();
    let nearest = suggest::nearest(name, names.iter().copied()).filter(|_| name.len() >= SHORTEST);
    let of = |record: &Record| record.name.spec.to_string();
    match (record, field.flatten(), nearest) {
        (Some(record), Some(field), _) => {
            Some((of(record), format!("`{}` is always there: it has no `optional = true`", field.name.spec)))
        }
        (_, None, Some(nearest)) => Some((nearest.to_owned(), format!("write `{nearest}`"))),
        (Some(record), None, None) => Some((of(record), format!("`{}` has no field of that name", record.name.spec))),
        (None, ..) => None,
    }
}
