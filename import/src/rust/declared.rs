//! Types as a file declares them, before anybody asks where their members lie.

use super::written::Written;

/// A type that says how it lies in memory.
pub(super) struct Declared {
    /// In Rust.
    pub(super) ident: String,
    /// In the manner of C, which the spec has: `ExecEvent` is `exec_event`. Empty if C has no name for it.
    pub(super) name: String,
    pub(super) doc: Option<String>,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Record {
        union: bool,
        packed: Option<u32>,
        align: Option<u32>,
        fields: Vec<Field>,
    },
    Enum {
        /// The integer that holds it.
        repr: Written,
        values: Vec<EnumValue>,
    },
    /// Another name: `type`, `use ... as`, or `repr(transparent)`, which is what it holds.
    Alias(Written),
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) ty: Written,
    /// The type as it stands there.
    pub(super) text: String,
    pub(super) doc: Option<String>,
    /// What lies in a unit of bitfields.
    pub(super) bits: Vec<Bits>,
}

/// A bitfield, as the function says that reads it.
#[derive(Clone)]
pub(super) struct Bits {
    pub(super) name: String,
    /// Bits from the start of the unit.
    pub(super) offset: u64,
    /// Bits.
    pub(super) width: u64,
    pub(super) ty: Written,
    /// The type as it stands there.
    pub(super) text: String,
    pub(super) doc: Option<String>,
}

/// A value of an enum, by its name in C.
pub(super) struct EnumValue {
    pub(super) name: String,
    pub(super) value: i128,
    pub(super) doc: Option<String>,
}

/// `ExecEvent` as `exec_event`.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut previous = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && (previous.is_ascii_lowercase() || previous.is_ascii_digit()) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        previous = letter;
    }
    snake
}
