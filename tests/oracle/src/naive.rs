//! The spec as somebody would write it in C who has no generator: no padding written out, `packed` and `aligned` where the
//! spec says so, and everything else left to the compiler.
//!
//! The generated header leaves a compiler nothing to decide, so that its agreement proves the header, not the rules. This
//! translation leaves it everything, and so proves that the rules are those of C. It shares nothing with the emitter.

use std::{collections::HashMap, fmt::Write as _};

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{Field, Record, RecordKind, Type, TypeDef, TypeId},
    scalar::Scalar,
};

/// Where a target's C differs from that of x86-64, whose rules are ours, in ways that a record can be free of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dialect {
    /// Whether there are integers of 128 bits, aligned to 16 bytes.
    pub int128: bool,
    /// Whether pointers have 64 bits.
    pub wide_pointers: bool,
}

impl Dialect {
    /// That of 64-bit targets.
    pub const WIDE: Dialect = Dialect { int128: true, wide_pointers: true };
    /// That of targets where integers of 128 bits are aligned to 8 bytes.
    pub const WITHOUT_INT128: Dialect = Dialect { int128: false, wide_pointers: true };
    /// That of 32-bit targets that align integers of 64 bits to 8 bytes.
    pub const NARROW: Dialect = Dialect { int128: false, wide_pointers: false };
}

/// How C names the struct or union that stands for the record with this id.
#[must_use]
pub fn tag(id: TypeId) -> String {
    format!("oracle_naive_{}", id.0)
}

/// What C says in place of the record with this id.
#[must_use]
pub fn c_type(id: TypeId, record: &Record) -> String {
    let keyword = if record.kind == RecordKind::Union { "union" } else { "struct" };
    format!("{keyword} {}", tag(id))
}

/// How C names the field of this index.
#[must_use]
pub fn member(field: usize) -> String {
    format!("m{field}")
}

/// Whether C can say it without our help. Where it cannot, the record stands in the header as so many opaque bytes.
///
/// - `offset` of a bitfield: C cannot place one.
/// - `packed` above 1 together with `align` of a field: `#pragma pack` is the only way to say the first, and lowers the
///   second too; in a spec, `align` raises.
/// - `align` of a bitfield that shares a unit: GCC and clang disagree once it would lie across two (see `place.rs`).
/// - An integer of 128 bits, where the target has none or aligns it otherwise.
#[must_use]
pub fn is_expressible(layouts: &Layouts, record: &Record, dialect: Dialect) -> bool {
    let fields = || record.fields.iter().filter(|field| !field.omitted);
    let bits_placed = fields().any(|field| field.bits.is_some() && (field.offset.is_some() || field.align.is_some()));
    let raised_in_pragma =
        record.packed.is_some_and(|packed| packed > 1) && fields().any(|field| field.align.is_some());
    let mut unnamed = fields().filter(|field| field.anonymous).filter_map(|field| match &field.ty {
        Type::Def(id) => match layouts.model.ty(*id) {
            TypeDef::Record(inner) => Some(inner),
            TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => None,
        },
        _ => None,
    });
    !bits_placed
        && !raised_in_pragma
        && (dialect.int128 || !fields().any(|field| is_int128(&field.ty)))
        && unnamed.all(|inner| is_expressible(layouts, inner, dialect))
}

fn is_int128(ty: &Type) -> bool {
    match ty {
        Type::Array(element, _) => is_int128(element),
        Type::Scalar(scalar) => matches!(scalar, Scalar::U128 | Scalar::I128),
        _ => false,
    }
}

/// The records that C can say by itself, by their names in C.
#[must_use]
pub fn expressible(layouts: &Layouts, dialect: Dialect) -> HashMap<&str, TypeId> {
    let named = layouts.model.records().filter(|(_, record)| !record.anonymous);
    let expressible = named.filter(|(_, record)| is_expressible(layouts, record, dialect));
    expressible.map(|(id, record)| (record.name.c.as_str(), id)).collect()
}

/// A header with every record of the spec.
#[must_use]
pub fn header(layouts: &Layouts, dialect: Dialect) -> String {
    let mut text = String::from("#ifdef __cplusplus\n#define _Bool bool\n#endif\n\n");
    text.push_str("struct oracle_variable { unsigned short offset, len; };\n\n");
    write_opaque_types(layouts, &mut text);
    for (id, record) in layouts.model.records() {
        if is_expressible(layouts, record, dialect) {
            write_record(layouts, id, record, dialect, &mut text);
        } else {
            let layout = layouts.of(id);
            let (ty, size, align) = (c_type(id, record), layout.size, layout.align);
            let _ = writeln!(text, "{ty} {{ unsigned char bytes[{size}]; }} __attribute__((aligned({align})));\n");
        }
    }
    text.push_str("#ifdef __cplusplus\n#undef _Bool\n#endif\n");
    text
}

fn write_record(layouts: &Layouts, id: TypeId, record: &Record, dialect: Dialect, text: &mut String) {
    let pragma = record.packed.filter(|&packed| packed > 1);
    if let Some(packed) = pragma {
        let _ = writeln!(text, "#pragma pack(push, {packed})");
    }
    let _ = writeln!(text, "{} {{", c_type(id, record));
    for (index, field) in record.fields.iter().enumerate().filter(|(_, field)| !field.omitted) {
        if field.offset.is_some() {
            write_gap(layouts, id, index, text);
        }
        let bits = field.bits.map(|bits| format!(" : {bits}")).unwrap_or_default();
        let align = field.align.map(|align| format!(" __attribute__((aligned({align})))")).unwrap_or_default();
        let _ = writeln!(text, "\t{}{bits}{align};", declarator(layouts, field, &member(index), dialect));
    }
    text.push('}');
    if record.packed == Some(1) {
        text.push_str(" __attribute__((packed))");
    }
    if let Some(align) = record.align {
        let _ = write!(text, " __attribute__((aligned({align})))");
    }
    text.push_str(";\n");
    if pragma.is_some() {
        text.push_str("#pragma pack(pop)\n");
    }
    text.push('\n');
}

/// The bytes that stand before a field with a fixed offset: what follows the end of the field before it.
fn write_gap(layouts: &Layouts, id: TypeId, index: usize, text: &mut String) {
    let mut end = 0;
    for member in &layouts.of(id).members {
        match member {
            Member::Field { field, offset, .. } if *field == index => {
                if *offset > end {
                    let _ = writeln!(text, "\tunsigned char gap{index}[{}];", offset - end);
                }
                return;
            }
            Member::Field { offset, size, .. } => end = offset + size,
            Member::Bits(run) => end = run.offset + run.len,
            Member::Padding { .. } => {}
        }
    }
}

fn declarator(layouts: &Layouts, field: &Field, name: &str, dialect: Dialect) -> String {
    let mut dimensions = String::new();
    let mut ty = &field.ty;
    while let Type::Array(element, count) = ty {
        let _ = write!(dimensions, "[{}]", count.value);
        ty = element;
    }
    let (base, last) = match ty {
        Type::Scalar(scalar) => scalar_type(*scalar),
        Type::Str(count) | Type::Bytes(count) => ("char".to_owned(), format!("[{}]", count.value)),
        Type::Variable(_) => ("struct oracle_variable".to_owned(), String::new()),
        Type::Def(id) => match layouts.model.ty(*id) {
            TypeDef::Enum(def) => scalar_type(def.repr),
            TypeDef::Flags(def) => scalar_type(def.repr),
            TypeDef::Record(record) => (c_type(*id, record), String::new()),
            TypeDef::Extern(def) => opaque(def.size, def.align),
        },
        Type::Kernel(field) => opaque(field.info().size.into(), field.info().align),
        Type::Kptr(..) if dialect.wide_pointers => ("void *".to_owned(), String::new()),
        Type::Kptr(..) => scalar_type(Scalar::Ptr),
        Type::Array(..) => unreachable!("all dimensions were taken off"),
    };
    format!("{base} {name}{dimensions}{last}")
}

/// What only C headers of others, or the kernel, know the inside of.
fn opaque(size: u64, align: u32) -> (String, String) {
    (format!("struct oracle_opaque_{size}_{align}"), String::new())
}

/// The types that stand for it.
fn write_opaque_types(layouts: &Layouts, text: &mut String) {
    let mut kinds: Vec<(u64, u32)> = Vec::new();
    for (_, record) in layouts.model.records() {
        for field in &record.fields {
            let mut ty = &field.ty;
            while let Type::Array(element, _) = ty {
                ty = element;
            }
            kinds.extend(match ty {
                Type::Kernel(field) => Some((field.info().size.into(), field.info().align)),
                Type::Def(id) => match layouts.model.ty(*id) {
                    TypeDef::Extern(def) => Some((def.size, def.align)),
                    TypeDef::Record(_) | TypeDef::Enum(_) | TypeDef::Flags(_) => None,
                },
                _ => None,
            });
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    for (size, align) in kinds {
        let (ty, _) = opaque(size, align);
        let _ = writeln!(text, "{ty} {{ unsigned char bytes[{size}]; }} __attribute__((aligned({align})));\n");
    }
}

fn scalar_type(scalar: Scalar) -> (String, String) {
    let (base, dimension) = match scalar {
        Scalar::U8 => ("unsigned char", ""),
        Scalar::U16 | Scalar::Be16 => ("unsigned short", ""),
        Scalar::U32 | Scalar::Be32 | Scalar::Ipv4 => ("unsigned int", ""),
        Scalar::U64 | Scalar::Be64 | Scalar::Ktime | Scalar::Ptr => ("unsigned long long", ""),
        Scalar::U128 => ("unsigned __int128", ""),
        Scalar::I8 => ("signed char", ""),
        Scalar::I16 => ("short", ""),
        Scalar::I32 => ("int", ""),
        Scalar::I64 => ("long long", ""),
        Scalar::I128 => ("__int128", ""),
        Scalar::Bool => ("_Bool", ""),
        Scalar::Ipv6 => ("unsigned char", "[16]"),
        Scalar::Mac => ("unsigned char", "[6]"),
    };
    (base.to_owned(), dimension.to_owned())
}
