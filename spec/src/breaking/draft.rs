//! What a rule says, before it is known which rule it is.

use super::{Place, context::shown, verdict::Verdicts};
use crate::diff::{Aspect, Detail, Side};

/// What a rule says.
pub(super) struct Draft {
    pub(super) field: Option<String>,
    pub(super) message: String,
    pub(super) verdicts: Verdicts,
    pub(super) old: Option<Place>,
    pub(super) new: Option<Place>,
    pub(super) help: Vec<String>,
}

impl Draft {
    /// Shows what is otherwise at its own places.
    #[must_use]
    pub(super) fn at(mut self, detail: &Detail) -> Self {
        let place = |side: &Option<Side>, when: &str, whole: Option<Place>, missing: &str| match side {
            Some(Side { value, span }) => Some(Place {
                span: *span,
                label: format!("{} {when}", shown(detail.aspect, value)),
                value: Some(value.clone()),
            }),
            None => whole.map(|whole| Place { label: missing.to_owned(), ..whole }),
        };
        let is_part = matches!(detail.aspect, Aspect::Type | Aspect::Offset | Aspect::Value);
        let missing = if is_part { ["not there before", "no longer there"] } else { ["none before", "none now"] };
        self.old = place(&detail.old, "before", self.old, missing[0]);
        self.new = place(&detail.new, "now", self.new, missing[1]);
        self
    }

    /// Says which field, value or event it is about.
    #[must_use]
    pub(super) fn of(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}
