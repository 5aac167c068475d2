//! Several objects against one spec.

use std::fmt;

use bpf_layout_btf::{Error, Object};
use bpf_layout_spec::{
    compare::{self, Difference, Observed, Report, Thing},
    diag::Severity,
    layout::Layouts,
};

use crate::{
    fingerprints::{self, Table},
    observe::{observe, observe_outputs},
};

/// What a check came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What some object has otherwise than the spec, in the order of the objects and in each of the spec; then what crosses
    /// the boundary otherwise; then what two objects have otherwise than each other. Warnings are among it.
    pub differences: Vec<Difference>,
    /// What an object has and says nothing reliable of: the object, the type or map, and why.
    pub unknown: Vec<(String, Thing, &'static str)>,
    /// What no object has.
    pub not_in_object: Vec<Thing>,
    /// What at least one object has, and every one that has it as the spec says.
    pub agrees: Vec<Thing>,
}

impl Outcome {
    /// Whether no error was found.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.differences.iter().all(|difference| difference.rule.severity != Severity::Error)
    }
}

/// An object that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its name, as it was given.
    pub object: String,
    /// Why.
    pub error: Error,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot check `{}`: {}", self.object, self.error)?;
        match self.error {
            Error::NoSection(".BTF") => {
                f.write_str("\n  = help: compile it with `-g`, and keep the section `.BTF` when stripping it")
            }
            Error::NotBpf => f.write_str("\n  = help: compile it with `clang --target=bpf -g`, or `bpf-gcc -gbtf`"),
            Error::Elf(_) => f.write_str("\n  = help: name the `.o` file that clang or bpf-gcc wrote"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Unreadable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Checks objects, given by their names and bytes.
///
/// # Errors
/// If one of them cannot be read.
pub fn check<'a>(
    layouts: &Layouts,
    objects: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<Outcome, Unreadable> {
    let (mut observed, mut tables, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
    for (name, bytes) in objects {
        let unreadable = |error| Unreadable { object: name.to_owned(), error };
        let object = Object::parse(bytes).map_err(unreadable)?;
        observed.push(observe(layouts, name, &object).map_err(unreadable)?);
        tables.push(fingerprints::tables(layouts, &object));
        outputs.push(observe_outputs(&object).map_err(unreadable)?);
    }
    let reports = observed.iter().zip(&tables).map(|(observed, tables)| report(layouts, observed, tables)).collect();
    let mut outcome = gather(layouts, &observed, reports);
    for (observed, outputs) in observed.iter().zip(&outputs) {
        outcome.differences.extend(compare::boundary(layouts, observed, outputs));
    }
    outcome.differences.extend(compare::twins(layouts, &observed));
    Ok(outcome)
}

/// What several witnesses come to, of which each has been held against the spec.
pub(crate) fn gather(layouts: &Layouts, observed: &[Observed<'_>], reports: Vec<Report>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut everything = compare::compare(layouts, &Observed::default()).not_in_object;
    // Enums that generated C has macros for, and that somebody wrote by hand.
    for thing in reports.iter().flat_map(|report| &report.agrees) {
        if !everything.contains(thing) {
            everything.push(thing.clone());
        }
    }
    for thing in everything {
        let all = |list: fn(&Report) -> &[Thing]| reports.iter().filter(|report| list(report).contains(&thing)).count();
        let (agree, absent) = (all(|report| &report.agrees), all(|report| &report.not_in_object));
        match (agree, absent) {
            (_, absent) if absent == reports.len() => outcome.not_in_object.push(thing),
            (1.., _) if agree + absent == reports.len() => outcome.agrees.push(thing),
            _ => {}
        }
    }
    for (observed, report) in observed.iter().zip(reports) {
        outcome.differences.extend(report.differs);
        let unknown = report.unknown.into_iter().map(|(thing, why)| (observed.witness.clone(), thing, why));
        outcome.unknown.extend(unknown);
    }
    outcome
}

/// What one object has otherwise. Its fingerprints are asked only if everything else agrees: they would but repeat it.
fn report(layouts: &Layouts, observed: &Observed<'_>, tables: &[Table<'_>]) -> Report {
    let mut report = compare::compare(layouts, observed);
    if report.differs.is_empty() {
        report.differs = fingerprints::differences(layouts, &report, tables, &observed.witness);
        let differs = &report.differs;
        report.agrees.retain(|thing| differs.iter().all(|difference| difference.span != Some(thing.span)));
    }
    report
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn what_cannot_be_read_is_named_with_what_to_do() {
        let told = |error: Error| {
            let unreadable = Unreadable { object: "a.o".into(), error: error.clone() };
            assert_eq!(unreadable.source().map(ToString::to_string), Some(error.to_string()));
            let text = unreadable.to_string();
            let (first, help) =
                text.split_once('\n').map_or((&*text, None), |(first, help)| (first, Some(help.to_owned())));
            assert_eq!(first, format!("cannot check `a.o`: {error}"));
            help
        };
        for (error, help) in [
            (Error::NoSection(".BTF"), "  = help: compile it with `-g`, and keep the section `.BTF` when stripping it"),
            (Error::NotBpf, "  = help: compile it with `clang --target=bpf -g`, or `bpf-gcc -gbtf`"),
        ] {
            assert_eq!(told(error).as_deref(), Some(help));
        }
        let no_object = Object::parse(b"text").expect_err("no object");
        assert_eq!(told(no_object).as_deref(), Some("  = help: name the `.o` file that clang or bpf-gcc wrote"));
        assert_eq!(told(Error::NoSection(".maps")), None);
    }
}
