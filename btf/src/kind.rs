//! The kinds of types, and how much data each is followed by.

use std::fmt;

macro_rules! kinds {
    ($($variant:ident = $number:literal, $name:literal, $fixed:literal + $each:literal, $doc:literal;)+) => {
        /// What a type is (`BTF_KIND_*` of `include/uapi/linux/btf.h`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            /// `void`, which stands nowhere in the data.
            Void,
            $(#[doc = $doc] $variant,)+
            /// A kind that this release does not know. Its types are skipped.
            Other(u8),
        }

        impl Kind {
            pub(crate) fn from_number(number: u8) -> Kind {
                match number {
                    $($number => Kind::$variant,)+
                    other => Kind::Other(other),
                }
            }

            /// Bytes behind a type of this kind: some, and some more for each of its elements. `None` if not known.
            pub(crate) fn extra(self) -> Option<(usize, usize)> {
                match self {
                    $(Kind::$variant => Some(($fixed, $each)),)+
                    Kind::Void | Kind::Other(_) => None,
                }
            }
        }

        impl fmt::Display for Kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Kind::Void => f.write_str("void"),
                    $(Kind::$variant => f.write_str($name),)+
                    Kind::Other(number) => write!(f, "kind {number}"),
                }
            }
        }
    };
}

kinds! {
    Int = 1, "int", 4 + 0, "An integer, `char` or `_Bool`.";
    Ptr = 2, "pointer", 0 + 0, "A pointer.";
    Array = 3, "array", 12 + 0, "An array of one dimension.";
    Struct = 4, "struct", 0 + 12, "A struct.";
    Union = 5, "union", 0 + 12, "A union.";
    Enum = 6, "enum", 0 + 8, "An enum whose values have 32 bits.";
    Fwd = 7, "forward declaration", 0 + 0, "A struct or union that is declared and not defined.";
    Typedef = 8, "typedef", 0 + 0, "Another name of a type.";
    Volatile = 9, "volatile", 0 + 0, "`volatile`.";
    Const = 10, "const", 0 + 0, "`const`.";
    Restrict = 11, "restrict", 0 + 0, "`restrict`.";
    Func = 12, "function", 0 + 0, "A function.";
    FuncProto = 13, "function type", 0 + 8, "The type of a function.";
    Var = 14, "variable", 4 + 0, "A variable.";
    Datasec = 15, "data section", 0 + 12, "A section of variables, such as `.maps`.";
    Float = 16, "float", 0 + 0, "A floating point number.";
    DeclTag = 17, "declaration tag", 4 + 0, "`__attribute__((btf_decl_tag))`.";
    TypeTag = 18, "type tag", 0 + 0, "`__attribute__((btf_type_tag))`.";
    Enum64 = 19, "enum of 64 bits", 0 + 12, "An enum whose values have 64 bits.";
}

impl Kind {
    /// Whether it only qualifies or renames another type.
    #[must_use]
    pub fn is_modifier(self) -> bool {
        matches!(self, Kind::Typedef | Kind::Volatile | Kind::Const | Kind::Restrict | Kind::TypeTag)
    }

    /// Whether types of this kind have the id of another where others have their size (`struct btf_type`).
    pub(crate) fn refers(self) -> bool {
        self.is_modifier() || matches!(self, Kind::Ptr | Kind::Func | Kind::FuncProto | Kind::Var | Kind::DeclTag)
    }
}
