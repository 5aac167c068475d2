//! Every rule of every gate, for formats that list them whether or not they found something.

use bpf_layout_lint as lint;
use bpf_layout_spec::compare;

use super::section::word;

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

/// The rules of all gates.
pub(super) fn all() -> Vec<Listed> {
    let of_objects = compare::RULES.iter().map(|rule| Listed {
        id: rule.id,
        summary: rule.summary,
        level: word(rule.severity),
        page: "docs/checks.md#rules",
    });
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
    of_objects.chain(of_live_maps).chain(of_sources).collect()
}
