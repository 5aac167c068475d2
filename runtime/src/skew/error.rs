//! Why another layout cannot be read, or written.

use std::{fmt, string::String, vec::Vec};

use bpf_layout_btf::Error as BtfError;

use super::rule::{Difference, Handling};

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// The BTF is damaged, or refers to what is not there.
    Btf(BtfError),
    /// The BTF was written for machines of the other byte order.
    ByteOrder,
    /// There is no type of this name.
    NotFound {
        /// Name in the spec.
        name: &'static str,
    },
    /// There is none of a buffer's events.
    NoEvents {
        /// Name of the buffer.
        buffer: &'static str,
    },
    /// There are several types of this name that differ.
    Ambiguous {
        /// Name in the spec.
        name: &'static str,
    },
    /// It cannot be read. All differences, with the reason at those that stand in the way.
    Refused(Vec<Difference>),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanError::Btf(error) => error.fmt(f),
            PlanError::ByteOrder => f.write_str("the BTF is of a machine of the other byte order"),
            PlanError::NotFound { name } => write!(f, "the BTF has no struct or union `{name}`, nor `{name}_event`"),
            PlanError::NoEvents { buffer } => write!(f, "the BTF has none of the events of `{buffer}`"),
            PlanError::Ambiguous { name } => {
                write!(f, "the BTF has several types `{name}` that differ; name one by its id")
            }
            PlanError::Refused(differences) => {
                let refused = |difference: &&Difference| matches!(difference.handling, Handling::Refused(_));
                let reasons: Vec<String> = differences.iter().filter(refused).map(|d| std::format!("{d}")).collect();
                f.write_str(&reasons.join("; "))
            }
        }
    }
}

impl std::error::Error for PlanError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            PlanError::Btf(error) => Some(error),
            _ => None,
        }
    }
}

impl From<BtfError> for PlanError {
    fn from(error: BtfError) -> Self {
        PlanError::Btf(error)
    }
}
