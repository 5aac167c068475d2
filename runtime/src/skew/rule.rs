//! How another layout differs from ours, by the rules of `cargo bpf-layout check` (`docs/checks.md`).

use std::{fmt, string::String};

macro_rules! rules {
    ($($(#[$meta:meta])* $rule:ident $id:literal $verb:literal;)+) => {
        /// A kind of difference. Its [`id`](Self::id) is the one that `cargo bpf-layout check` prints for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$meta])* $rule,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Rule] = &[$(Rule::$rule),+];

            /// Its stable name: `field-offset`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Rule::$rule => $id,)+ }
            }

            /// What stands between the field and what is said of it: `starts`.
            const fn verb(self) -> &'static str {
                match self { $(Rule::$rule => $verb,)+ }
            }
        }
    };
}

rules! {
    /// A struct on one side is a union, or something else, on the other.
    TypeKind "type-kind" "is";
    /// A record has another size.
    TypeSize "type-size" "has";
    /// A field of ours is not there.
    MissingField "missing-field" "is";
    /// There is a field that ours does not have.
    ExtraField "extra-field" "is";
    /// A field starts at another byte.
    FieldOffset "field-offset" "starts";
    /// A number, or each of an array's, has another size.
    FieldSize "field-size" "has";
    /// A number is signed on one side and unsigned on the other.
    FieldSign "field-sign" "is";
    /// The bytes of a field mean something else.
    FieldType "field-type" "is";
    /// A string or array has another length.
    ArrayLength "array-length" "has";
    /// A bitfield starts at another bit.
    BitOffset "bit-offset" "starts";
    /// A bitfield has another width.
    BitWidth "bit-width" "has";
    /// A variant or flag has another value.
    EnumValue "enum-value" "is";
    /// A value that has a name of ours means something else there.
    ExtraVariant "extra-variant" "is";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// What reading makes of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handling {
    /// All of the value is read: only its place, its width or its code is another.
    Converted,
    /// Values that do not fit are changed, and [noted](crate::skew::Note) where that happens.
    Narrowed,
    /// Ours is zero, and [missing](crate::skew::Lost::missing).
    Defaulted,
    /// It is not read.
    Ignored,
    /// It cannot be read, for this reason; there is no plan.
    Refused(&'static str),
}

/// One thing that is otherwise in the other layout.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The rule that finds it.
    pub rule: Rule,
    /// The type, by its name in the spec.
    pub what: &'static str,
    /// The field or value; none if it is about the whole type.
    pub field: Option<String>,
    /// What the other layout says: `at byte 12`.
    pub found: String,
    /// What ours says: `at byte 16`.
    pub expected: String,
    /// What reading makes of it.
    pub handling: Handling,
}

impl Difference {
    /// The difference in one sentence, where `witness` names what has the other layout:
    /// `` `exec.comm` starts at byte 12 in the pinned map, at byte 16 here ``.
    #[must_use]
    pub fn tell<'a>(&'a self, witness: &'a str) -> impl fmt::Display + 'a {
        Told { difference: self, witness }
    }
}

struct Told<'a> {
    difference: &'a Difference,
    witness: &'a str,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { rule, what, field, found, expected, handling } = self.difference;
        write!(f, "`{what}")?;
        if let Some(field) = field {
            write!(f, ".{field}")?;
        }
        write!(f, "` {} {found} in {}, {expected} here", rule.verb(), self.witness)?;
        match handling {
            Handling::Refused(reason) => write!(f, ": {reason}"),
            Handling::Converted | Handling::Narrowed | Handling::Defaulted | Handling::Ignored => Ok(()),
        }
    }
}

/// The same, of `the other layout`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell("the other layout").fmt(f)
    }
}
