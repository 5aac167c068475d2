//! `unknown-condition`: conditions of the preprocessor that a renamed constant has left behind. The preprocessor takes a
//! name that nothing defines for 0, silently (C11 6.10.1).

use bpf_layout_spec::suggest;

use super::UNKNOWN_CONDITION;
use crate::{finding::Finding, unit::Unit};

/// Names in `#if` and its like that are nearly names of the generated header, and that nothing defines.
pub(super) fn unknown_conditions(unit: &Unit<'_>) -> Vec<Finding> {
    let names = unit.facts.generated_names();
    let mut findings = Vec::new();
    for file in unit.files {
        for token in &file.conditions {
            let name = token.text(file.text());
            if name == "defined"
                || name.starts_with("__")
                || unit.is_defined(name)
                || unit.facts.generated(name).is_some()
            {
                continue;
            }
            if let Some((meant, help)) = meant(unit, name, &names) {
                let finding = Finding::new(
                    &UNKNOWN_CONDITION,
                    file.span(token, token),
                    format!("nothing defines `{name}`, so that the preprocessor takes it for 0"),
                );
                findings.push(finding.help(help).of(&meant, None));
            }
        }
    }
    findings
}

/// What a name is likely meant to be, and what to write.
fn meant(unit: &Unit<'_>, name: &str, names: &[&str]) -> Option<(String, String)> {
    /// Shorter names are too near one another.
    const SHORTEST: usize = 8;
    if let Some(nearest) = suggest::nearest(name, names.iter().copied()).filter(|_| name.len() >= SHORTEST) {
        return Some((nearest.to_owned(), format!("write `{nearest}`")));
    }
    let record = unit.facts.records().find(|record| name.starts_with(&format!("{}_HAS_", record.name.upper)))?;
    let help = format!(
        "`{}` has no optional field of that name; one with `optional = true` has such a macro",
        record.name.spec
    );
    Some((record.name.spec.clone(), help))
}
