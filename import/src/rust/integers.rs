//! Types of Rust and of C that are numbers.

use bpf_layout_spec::compare::{Shape, Sign};

/// A number by the name of its type; `None` if it is the name of something else.
pub(super) fn primitive(name: &str) -> Option<Shape> {
    let int = |size, sign| Shape::Int { size, sign, bool: false, big_endian: false };
    let be = |size| Shape::Int { size, sign: Sign::Unsigned, bool: false, big_endian: true };
    Some(match name {
        "u8" | "c_uchar" => int(1, Sign::Unsigned),
        "i8" | "c_char" | "c_schar" => int(1, Sign::Signed),
        "u16" | "c_ushort" => int(2, Sign::Unsigned),
        "i16" | "c_short" => int(2, Sign::Signed),
        "u32" | "c_uint" | "pid_t_u" | "uid_t" | "gid_t" => int(4, Sign::Unsigned),
        "i32" | "c_int" | "pid_t" => int(4, Sign::Signed),
        "u64" | "usize" | "c_ulong" | "c_ulonglong" | "size_t" => int(8, Sign::Unsigned),
        "i64" | "isize" | "c_long" | "c_longlong" | "ssize_t" => int(8, Sign::Signed),
        "u128" => int(16, Sign::Unsigned),
        "i128" => int(16, Sign::Signed),
        "Be16" => be(2),
        "Be32" => be(4),
        "Be64" => be(8),
        "bool" => Shape::Int { size: 1, sign: Sign::Unsigned, bool: true, big_endian: false },
        "char" => int(4, Sign::Unsigned),
        "f32" | "c_float" => Shape::Float(4),
        "f64" | "c_double" => Shape::Float(8),
        _ => return None,
    })
}

/// Names by which C says that a number is big-endian. Whatever they stand for in Rust, that is lost there.
pub(super) fn is_big_endian(name: &str) -> bool {
    matches!(name, "__be16" | "__be32" | "__be64")
}
