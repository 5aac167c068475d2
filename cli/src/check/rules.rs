//! Every rule of every gate, for formats that list them whether or not they found something.

use bpf_layout_lint as lint;
use bpf_layout_spec::{breaking, compare, diag::Severity};

use super::{
    against::{UNUSED_ALLOW, UNUSED_ALLOW_SUMMARY},
    section::word,
};

/// A rule, as its gate's own table has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    /// Such as `field-offset`.
    pub(super) id: &'static str,
    /// What it finds, in one sentence.
    pub(super) summary: &'static str,
    /// `error` if `check` fails because of it, otherwise `warning` or `note`.
    pub(super) level: &'static str,
    /// The page that says more, with its place on it.
    pub(super) page: &'static str,
}

/// What a note is called about something that an object has and that could not be compared.
pub(super) const UNKNOWN: &str = "unknown";

/// The rules of all gates.
pub(super) fn all() -> Vec<Listed> {
    let of_objects = compare::RULES.iter().map(|rule| Listed {
        id: rule.id,
        summary: rule.summary,
        level: word(rule.severity),
        page: "docs/checks.md#rules",
    });
    let of_compilers = [Listed {
        id: UNKNOWN,
        summary: "An object has a type or map of which its compiler is known to write something wrong.",
        level: "note",
        page: "docs/checks.md#what-cannot-be-told",
    }];
    let of_live_maps = [Listed {
        id: "map-resized",
        summary: "A loaded map has another number of entries than the object was built with.",
        level: "note",
        page: "docs/checks.md#the-running-kernel",
    }];
    let of_sources = lint::RULES.into_iter().map(|rule| Listed {
        id: rule.id,
        summary: rule.summary,
        level: "warning",
        page: "docs/literals.md#rules",
    });
    let of_versions = breaking::RULES.iter().map(|rule| Listed {
        id: rule.id,
        summary: rule.summary,
        level: word(rule.severity.unwrap_or(Severity::Error)),
        page: "docs/breaking-changes.md#rules",
    });
    let of_allows = [Listed {
        id: UNUSED_ALLOW,
        summary: UNUSED_ALLOW_SUMMARY,
        level: word(Severity::Warning),
        page: "docs/breaking-changes.md#changes-that-are-meant",
    }];
    of_objects.chain(of_compilers).chain(of_live_maps).chain(of_sources).chain(of_versions).chain(of_allows).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_gates_call_different_things_by_one_name() {
        let all = all();
        let ids: BTreeSet<&str> = all.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), all.len());
    }
}
