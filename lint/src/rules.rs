//! The table of rules. Each finds one kind of repetition; its id is what people search for and suppress by.

mod conditions;
mod definitions;
mod lengths;
mod maps;
mod repeat;

use crate::{finding::Finding, unit::Unit};

/// One kind of repetition.
#[derive(Debug)]
pub struct Rule {
    /// Its stable name, such as `literal-length`.
    pub id: &'static str,
    /// What it finds, in one sentence.
    pub summary: &'static str,
    pub(crate) check: Check,
}

/// What a rule looks at.
#[derive(Debug)]
pub(crate) enum Check {
    /// A source with its headers.
    Unit(fn(&Unit<'_>) -> Vec<Finding>),
    /// Comments that suppress findings, see [`crate::allow`].
    Comments,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

impl Rule {
    /// The rule of this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<&'static Rule> {
        RULES.into_iter().find(|rule| rule.id == id)
    }
}

pub(crate) static LITERAL_LENGTH: Rule = Rule {
    id: "literal-length",
    summary: "A number is the length of a field of the spec, and is used with that field.",
    check: Check::Unit(lengths::literal_lengths),
};

pub(crate) static LITERAL_MASK: Rule = Rule {
    id: "literal-mask",
    summary: "A number is the mask of a field's length, and is used with that field.",
    check: Check::Unit(lengths::literal_masks),
};

pub(crate) static STALE_LITERAL: Rule = Rule {
    id: "stale-literal",
    summary: "A number is used as the length, bound or mask of a field whose length is another.",
    check: Check::Unit(lengths::stale_literals),
};

pub(crate) static SHADOW_DEFINE: Rule = Rule {
    id: "shadow-define",
    summary: "A macro, enumerator or constant repeats a name of the spec, or a length that it is used as.",
    check: Check::Unit(definitions::shadow_defines),
};

pub(crate) static MAP_LITERAL: Rule = Rule {
    id: "map-literal",
    summary: "A map that is written by hand repeats a map or a capacity of the spec.",
    check: Check::Unit(maps::map_literals),
};

pub(crate) static UNKNOWN_CONDITION: Rule = Rule {
    id: "unknown-condition",
    summary: "`#if` asks for a name that nothing defines and that is nearly one of the spec's: it is always false.",
    check: Check::Unit(conditions::unknown_conditions),
};

pub(crate) static UNUSED_ALLOW: Rule =
    Rule { id: "unused-allow", summary: "A comment allows what is not there.", check: Check::Comments };

pub(crate) static UNKNOWN_ALLOW: Rule =
    Rule { id: "unknown-allow", summary: "A comment allows a rule that does not exist.", check: Check::Comments };

/// Every rule.
pub static RULES: [&Rule; 8] = [
    &LITERAL_LENGTH,
    &LITERAL_MASK,
    &STALE_LITERAL,
    &SHADOW_DEFINE,
    &MAP_LITERAL,
    &UNKNOWN_CONDITION,
    &UNUSED_ALLOW,
    &UNKNOWN_ALLOW,
];
