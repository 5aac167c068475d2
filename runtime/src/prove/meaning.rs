//! What a field that somebody wrote may be, by what the spec says of it.
//!
//! A field has the type that generated code gives it, or one that says less of the same bytes. It never says something
//! else, and never more: then the spec should say so, for the C side and for all readers. Type aliases are seen through by
//! rustc; a transparent newtype has the shape of what it wraps.
//!
//! | in the spec | in Rust |
//! | --- | --- |
//! | `u8` … `u128`, `i8` … `i128` | that integer |
//! | `be16`, `be32`, `be64` | [`Be16`](crate::Be16) …, or `[u8; N]`; no `u16` …, whose byte order is the machine's |
//! | `bool` | [`Bool`](crate::Bool), or `u8` |
//! | `ktime`, `ptr`, kptrs | [`Ktime`](crate::Ktime), [`KernelPtr`](crate::KernelPtr), or `u64` |
//! | `ipv4` | [`Ipv4`](crate::Ipv4), [`Be32`](crate::Be32), or `[u8; 4]` |
//! | `ipv6`, `mac` | [`Ipv6`](crate::Ipv6), [`Mac`](crate::Mac), or `[u8; N]` |
//! | `str[N]` | [`Str<N>`](crate::Str), `[u8; N]`, or `[i8; N]` |
//! | `bytes[N]` | `[u8; N]` |
//! | an enum, flags | the type with its name and its values, or its integer |
//! | a struct, an event | the type with its name and its offsets |
//! | a union | the type with its name, or `[u8; N]` |
//! | a run of bitfields | [`Bits<N>`](crate::Bits), `[u8; N]`, or an unsigned integer of `N` bytes |
//! | a field of the kernel | the type of `bpf_layout::kernel`, or `[u8; N]` |
//! | an extern type | any [`Layout`](crate::Layout) type of `N` bytes |
//! | padding | likewise |
//! | `T[N]` | `[U; N]`, where `U` may stand for `T` |

use super::message::Message;
use crate::shape::{NamesInfo, Shape, Variable, VariableKind};

/// What the spec says of a field.
#[derive(Clone, Copy, Debug)]
pub enum Expected {
    /// Its meaning, whatever Rust type has it.
    Meaning(Shape),
    /// A struct or event.
    Record {
        /// Name in the spec.
        name: &'static str,
        /// Bytes.
        size: usize,
        /// Offsets of its fields, padding included.
        offsets: &'static [usize],
    },
    /// A union.
    Union {
        /// Name in the spec.
        name: &'static str,
        /// Bytes.
        size: usize,
    },
    /// Bytes whose meaning the spec does not know: this many of them.
    Any(usize),
    /// Elements one after another, of what is no [`Expected::Meaning`].
    Array(&'static Expected, usize),
    /// Nothing: the spec has no such field. What to say of it.
    Nothing(&'static str),
    /// So many bytes under another name. What to say of it.
    Misnamed(&'static str, usize),
}

impl Expected {
    /// Bytes.
    pub(super) const fn size(&self) -> usize {
        match self {
            Expected::Meaning(shape) => shape.size(),
            Expected::Record { size, .. } | Expected::Union { size, .. } => *size,
            Expected::Any(size) | Expected::Misnamed(_, size) => *size,
            Expected::Array(element, count) => element.size() * *count,
            Expected::Nothing(_) => 0,
        }
    }

    /// Whether a type of this shape may stand for it.
    pub(super) const fn accepts(&self, found: &Shape) -> bool {
        match (self, found) {
            (Expected::Meaning(meaning), _) => may_stand_for(found, meaning),
            (Expected::Record { name, size, offsets }, Shape::Record(info)) => {
                same_text(info.name, name) && info.size == *size && same_numbers(info.offsets, offsets)
            }
            (Expected::Union { name, size }, Shape::Union(info)) => same_text(info.name, name) && info.size == *size,
            (Expected::Union { size, .. }, _) => is_bytes(found, *size),
            (Expected::Any(size), _) => found.size() == *size,
            (Expected::Array(element, count), Shape::Array(found, found_count)) => {
                *count == *found_count && element.accepts(found)
            }
            (Expected::Record { .. } | Expected::Array(..) | Expected::Nothing(_) | Expected::Misnamed(..), _) => false,
        }
    }

    /// What the field means to those who print it or read it by name.
    pub(super) const fn shape(&self, found: Shape) -> Shape {
        match self {
            Expected::Meaning(shape) => *shape,
            _ => found,
        }
    }

    /// Whether `found` has the right name and is laid out otherwise: it was made under another profile, say.
    pub(super) const fn is_namesake(&self, found: &Shape) -> bool {
        match (self, found) {
            (Expected::Record { name, .. }, Shape::Record(info)) => same_text(info.name, name),
            (Expected::Union { name, .. }, Shape::Union(info)) => same_text(info.name, name),
            (Expected::Meaning(Shape::Enum(info)), Shape::Enum(found)) => same_text(info.name, found.name),
            (Expected::Meaning(Shape::Flags(info)), Shape::Flags(found)) => same_text(info.name, found.name),
            (Expected::Array(element, _), Shape::Array(found, _)) => element.is_namesake(found),
            _ => false,
        }
    }
}

/// The table above.
const fn may_stand_for(found: &Shape, meaning: &Shape) -> bool {
    match (meaning, found) {
        (Shape::Unsigned(size), Shape::Unsigned(found)) => *size == *found,
        (Shape::Signed(size), Shape::Signed(found)) => *size == *found,
        (Shape::BigEndian(size), Shape::BigEndian(found)) => *size == *found,
        (Shape::Bool, Shape::Bool | Shape::Unsigned(1)) => true,
        (Shape::Ktime, Shape::Ktime) | (Shape::Ptr, Shape::Ptr) => true,
        (Shape::Ktime | Shape::Ptr, Shape::Unsigned(8)) => true,
        (Shape::Ipv4, Shape::Ipv4 | Shape::BigEndian(4)) => true,
        (Shape::Ipv6, Shape::Ipv6) | (Shape::Mac, Shape::Mac) => true,
        (Shape::Str(size), Shape::Str(found) | Shape::Array(Shape::Signed(1), found)) => *size == *found,
        (Shape::Array(element, count), Shape::Array(found, found_count)) => {
            *count == *found_count && may_stand_for(found, element)
        }
        (Shape::Enum(info), Shape::Enum(found)) | (Shape::Flags(info), Shape::Flags(found)) => same_names(info, found),
        (Shape::Enum(info) | Shape::Flags(info), Shape::Unsigned(size)) => !info.signed && info.size == *size,
        (Shape::Enum(info) | Shape::Flags(info), Shape::Signed(size)) => info.signed && info.size == *size,
        (Shape::Variable(one), Shape::Variable(found)) => {
            one.kind as u8 == found.kind as u8 && one.limit == found.limit && one.most == found.most
        }
        (Shape::Opaque(size), Shape::Opaque(found)) => *size == *found,
        (Shape::BitRun(size), Shape::BitRun(found) | Shape::Unsigned(found)) => *size == *found,
        (Shape::Padding(size), _) => found.size() == *size,
        (
            Shape::BigEndian(_)
            | Shape::Ipv4
            | Shape::Ipv6
            | Shape::Mac
            | Shape::Str(_)
            | Shape::Opaque(_)
            | Shape::BitRun(_),
            _,
        ) => is_bytes(found, meaning.size()),
        _ => false,
    }
}

/// Whether it is `[u8; size]`.
const fn is_bytes(found: &Shape, size: usize) -> bool {
    matches!(found, Shape::Array(Shape::Unsigned(1), count) if *count == size)
}

const fn same_names(one: &NamesInfo, other: &NamesInfo) -> bool {
    let mut same = same_text(one.name, other.name) && one.size == other.size && one.signed == other.signed;
    same = same && one.values.len() == other.values.len();
    let mut index = 0;
    while same && index < one.values.len() {
        let ((name, value), (other_name, other_value)) = (one.values[index], other.values[index]);
        same = value == other_value && same_text(name, other_name);
        index += 1;
    }
    same
}

const fn same_text(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut same = one.len() == other.len();
    let mut index = 0;
    while same && index < one.len() {
        same = one[index] == other[index];
        index += 1;
    }
    same
}

const fn same_numbers(one: &[usize], other: &[usize]) -> bool {
    let mut same = one.len() == other.len();
    let mut index = 0;
    while same && index < one.len() {
        same = one[index] == other[index];
        index += 1;
    }
    same
}

/// Says what a type of this shape is called in Rust; types of the spec go by their names there.
pub(super) const fn describe(message: &mut Message, shape: &Shape) {
    match shape {
        Shape::Unsigned(size) => number(message, "u", 8 * *size),
        Shape::Signed(size) => number(message, "i", 8 * *size),
        Shape::BigEndian(size) => number(message, "Be", 8 * *size),
        Shape::Bool => message.push("Bool"),
        Shape::Ktime => message.push("Ktime"),
        Shape::Ipv4 => message.push("Ipv4"),
        Shape::Ipv6 => message.push("Ipv6"),
        Shape::Mac => message.push("Mac"),
        Shape::Ptr => message.push("KernelPtr"),
        Shape::Str(size) => generic(message, "Str", *size),
        Shape::Variable(Variable { kind: VariableKind::Str, limit, .. }) => generic(message, "VarStr", *limit),
        Shape::Variable(Variable { kind: VariableKind::Bytes, limit, .. }) => generic(message, "VarBytes", *limit),
        Shape::Variable(Variable { kind: VariableKind::Strs, limit, most }) => {
            number(message, "VarStrs<", *limit);
            number(message, ", ", *most / *limit);
            message.push(">");
        }
        Shape::Array(element, count) => {
            message.push("[");
            describe(message, element);
            number(message, "; ", *count);
            message.push("]");
        }
        Shape::Enum(info) | Shape::Flags(info) => message.push(info.name),
        Shape::Record(info) | Shape::Union(info) => message.push(info.name),
        Shape::Opaque(size) => number(message, "opaque bytes: ", *size),
        Shape::Padding(size) => generic(message, "Pad", *size),
        Shape::BitRun(size) => generic(message, "Bits", *size),
    }
}

const fn number(message: &mut Message, before: &str, number: usize) {
    message.push(before);
    message.push_number(number);
}

const fn generic(message: &mut Message, name: &str, argument: usize) {
    message.push(name);
    number(message, "<", argument);
    message.push(">");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Be16, Be32, Bits, Bool, Ipv4, Ipv6, KernelPtr, Ktime, Layout, Mac, Pad, Str, kernel};

    const OP: NamesInfo = NamesInfo { name: "op", size: 1, signed: false, values: &[("open", 1)] };
    const OP_TOO: NamesInfo = NamesInfo { values: &[("open", 1)], ..OP };
    const OTHER: NamesInfo = NamesInfo { values: &[("open", 2)], ..OP };

    /// Every shape there is, by its position.
    const SHAPES: &[Shape] = &[
        u8::SHAPE,
        u16::SHAPE,
        u32::SHAPE,
        u64::SHAPE,
        i8::SHAPE,
        i64::SHAPE,
        Be16::SHAPE,
        Be32::SHAPE,
        Bool::SHAPE,
        Ktime::SHAPE,
        KernelPtr::SHAPE,
        Ipv4::SHAPE,
        Ipv6::SHAPE,
        Mac::SHAPE,
        Str::<4>::SHAPE,
        <[u8; 4]>::SHAPE,
        <[i8; 4]>::SHAPE,
        <[u8; 2]>::SHAPE,
        <[u8; 6]>::SHAPE,
        <[u8; 16]>::SHAPE,
        Shape::Enum(&OP),
        Shape::Flags(&OP),
        kernel::SpinLock::SHAPE,
        Pad::<4>::SHAPE,
        Bits::<4>::SHAPE,
        <[Bool; 4]>::SHAPE,
    ];

    fn shown(shape: &Shape) -> std::string::String {
        let mut message = Message::new();
        describe(&mut message, shape);
        message.as_str().into()
    }

    fn accepted(by: Expected) -> std::vec::Vec<std::string::String> {
        SHAPES.iter().filter(|shape| by.accepts(shape)).map(shown).collect()
    }

    #[test]
    fn each_meaning_is_had_by_these_types_and_no_other() {
        for (meaning, expected) in [
            (u8::SHAPE, &["u8"][..]),
            (u64::SHAPE, &["u64"]),
            (i64::SHAPE, &["i64"]),
            (Be16::SHAPE, &["Be16", "[u8; 2]"]),
            (Bool::SHAPE, &["u8", "Bool"]),
            (Ktime::SHAPE, &["u64", "Ktime"]),
            (KernelPtr::SHAPE, &["u64", "KernelPtr"]),
            (Ipv4::SHAPE, &["Be32", "Ipv4", "[u8; 4]"]),
            (Ipv6::SHAPE, &["Ipv6", "[u8; 16]"]),
            (Mac::SHAPE, &["Mac", "[u8; 6]"]),
            (Str::<4>::SHAPE, &["Str<4>", "[u8; 4]", "[i8; 4]"]),
            (<[u8; 4]>::SHAPE, &["[u8; 4]"]),
            (<[Bool; 4]>::SHAPE, &["[u8; 4]", "[Bool; 4]"]),
            (kernel::SpinLock::SHAPE, &["[u8; 4]", "opaque bytes: 4"]),
            (Bits::<4>::SHAPE, &["u32", "[u8; 4]", "Bits<4>"]),
        ] {
            assert_eq!(accepted(Expected::Meaning(meaning)), expected, "{}", shown(&meaning));
        }
    }

    #[test]
    fn enums_and_flags_go_by_their_names_and_values_or_are_integers() {
        for (meaning, own, foreign) in [
            (Shape::Enum(&OP), Shape::Enum(&OP_TOO), Shape::Flags(&OP)),
            (Shape::Flags(&OP), Shape::Flags(&OP_TOO), Shape::Enum(&OP)),
        ] {
            let expected = Expected::Meaning(meaning);
            assert!(expected.accepts(&own) && expected.accepts(&u8::SHAPE));
            assert!(!expected.accepts(&foreign) && !expected.accepts(&i8::SHAPE) && !expected.accepts(&u16::SHAPE));
        }
        assert!(!Expected::Meaning(Shape::Enum(&OP)).accepts(&Shape::Enum(&OTHER)));
        assert!(Expected::Meaning(Shape::Enum(&OP)).is_namesake(&Shape::Enum(&OTHER)));
    }

    #[test]
    fn four_bytes_of_padding_or_of_an_extern_type_are_any_four_bytes() {
        let four = [
            "u32",
            "Be32",
            "Ipv4",
            "Str<4>",
            "[u8; 4]",
            "[i8; 4]",
            "opaque bytes: 4",
            "Pad<4>",
            "Bits<4>",
            "[Bool; 4]",
        ];
        assert_eq!(accepted(Expected::Any(4)), four);
        assert_eq!(accepted(Expected::Meaning(Pad::<4>::SHAPE)), four);
        assert_eq!(accepted(Expected::Union { name: "addr", size: 4 }), ["[u8; 4]"]);
        assert_eq!(accepted(Expected::Record { name: "addr", size: 4, offsets: &[0] }), [""; 0]);
    }

    #[test]
    fn records_go_by_name_and_offsets_in_arrays_too() {
        use crate::shape::TypeInfo;
        static KEY: TypeInfo = TypeInfo {
            name: "key",
            size: 8,
            names: "a b",
            offsets: &[0, 4],
            shapes: &[],
            details: &[],
            fingerprint: None,
        };
        const EXPECTED: Expected = Expected::Record { name: "key", size: 8, offsets: &[0, 4] };
        const RECORD: Shape = Shape::Record(&KEY);
        let (key, keys) = (RECORD, Shape::Array(&RECORD, 2));
        assert!(EXPECTED.accepts(&key) && Expected::Array(&EXPECTED, 2).accepts(&keys));
        assert!(!Expected::Array(&EXPECTED, 3).accepts(&keys));
        let other = Expected::Record { name: "key", size: 8, offsets: &[0, 6] };
        assert!(!other.accepts(&key) && other.is_namesake(&key));
        assert!(!Expected::Record { name: "value", size: 8, offsets: &[0, 4] }.accepts(&key));
        assert_eq!(Expected::Array(&EXPECTED, 3).size(), 24);
    }
}
