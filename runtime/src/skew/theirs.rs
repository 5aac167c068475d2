//! The other layout, as its BTF describes it: typedefs looked through, members of unnamed members in one list.

use std::{format, string::String, vec::Vec};

use bpf_layout_btf::{Btf, Error, Kind, Type, TypeId};

/// What a type is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Theirs<'a> {
    /// An integer, `char` or `_Bool`.
    Number { size: u64, signed: bool, bool: bool, big_endian: bool },
    /// An enum.
    Enum(Type<'a>),
    /// A pointer of this many bytes.
    Pointer(u64),
    /// A floating point number of this many bytes.
    Float(u64),
    /// Elements, and how many.
    Array(TypeId, u64),
    /// A struct or union.
    Record(Type<'a>),
    /// No data.
    Other,
}

/// Typedefs that say in which order bytes lie.
const BIG_ENDIAN: &[&str] = &["__be16", "__be32", "__be64"];

/// What a type is, behind typedefs and qualifiers.
pub(super) fn look<'a>(btf: &Btf<'a>, id: TypeId) -> Result<Theirs<'a>, Error> {
    let ty = btf.resolve(id)?;
    Ok(match ty.kind() {
        Kind::Int => ty.int().map_or(Theirs::Other, |int| Theirs::Number {
            size: int.size,
            signed: int.signed,
            bool: int.bool,
            big_endian: is_big_endian(btf, id),
        }),
        Kind::Enum | Kind::Enum64 => Theirs::Enum(ty),
        Kind::Ptr => Theirs::Pointer(btf.pointer_size()),
        Kind::Float => Theirs::Float(ty.size().unwrap_or(0)),
        Kind::Array => ty.array().map_or(Theirs::Other, |array| Theirs::Array(array.element, array.len.into())),
        Kind::Struct | Kind::Union => Theirs::Record(ty),
        _ => Theirs::Other,
    })
}

/// Whether one of the typedefs of a type declares it big-endian. The chain has an end: the type was resolved.
fn is_big_endian(btf: &Btf<'_>, id: TypeId) -> bool {
    let chain = std::iter::successors(btf.get(id), |ty| ty.kind().is_modifier().then(|| btf.get(ty.target()))?);
    chain.take(Btf::MAX_DEPTH).any(|ty| ty.kind() == Kind::Typedef && BIG_ENDIAN.contains(&ty.name()))
}

/// Whether it is a byte, whether C calls it `char`, signed or unsigned.
pub(super) fn is_byte(btf: &Btf<'_>, id: TypeId) -> Result<bool, Error> {
    Ok(matches!(look(btf, id)?, Theirs::Number { size: 1, bool: false, .. }))
}

/// Whether values of an enum may be negative; `None` if its writer, from before Linux 6.0, did not say.
pub(super) fn enum_sign(ty: &Type<'_>) -> Option<bool> {
    match (ty.kind(), ty.kind_flag()) {
        (_, true) => Some(true),
        (Kind::Enum64, false) => Some(false),
        (_, false) => None,
    }
}

/// A member of a struct or union, or of an unnamed one in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) ty: TypeId,
    /// Bits from the start of the record that has a name, in the order of allocation.
    pub(super) bit_offset: u64,
    /// Bits, for a bitfield.
    pub(super) bits: Option<u32>,
}

/// How deep unnamed members may lie in one another, and how many members there may be in all. Compilers stay far below;
/// hostile input must not make this grow without end.
const MAX_DEPTH: usize = 32;
const MAX_MEMBERS: usize = 1 << 16;

/// The members of a record, those of unnamed members among them, as C names them.
pub(super) fn members<'a>(btf: &Btf<'a>, record: &Type<'a>) -> Result<Vec<Member<'a>>, Error> {
    let mut members = Vec::new();
    add_members(btf, record, 0, MAX_DEPTH, &mut members)?;
    Ok(members)
}

fn add_members<'a>(
    btf: &Btf<'a>,
    record: &Type<'a>,
    base: u64,
    depth: usize,
    members: &mut Vec<Member<'a>>,
) -> Result<(), Error> {
    for member in record.members() {
        if depth == 0 || members.len() >= MAX_MEMBERS {
            return Err(Error::TooDeep(record.id()));
        }
        let bit_offset = base.saturating_add(member.bit_offset.into());
        match look(btf, member.ty)? {
            Theirs::Record(inner) if member.name.is_empty() => {
                add_members(btf, &inner, bit_offset, depth - 1, members)?
            }
            _ => {
                let (first, bits) = bitfield(btf, member.ty, member.bit_size)?;
                let bit_offset = bit_offset.saturating_add(first.into());
                members.push(Member { name: member.name, ty: member.ty, bit_offset, bits });
            }
        }
    }
    Ok(())
}

/// First bit and width, if it is a bitfield. Old writers have an integer type for each width instead.
fn bitfield(btf: &Btf<'_>, ty: TypeId, bit_size: u32) -> Result<(u32, Option<u32>), Error> {
    if bit_size > 0 {
        return Ok((0, Some(bit_size)));
    }
    let narrow = btf.resolve(ty)?.int().filter(|int| u64::from(int.bits) < int.size.saturating_mul(8));
    Ok(narrow.map_or((0, None), |int| (int.bit_offset, Some(int.bits))))
}

/// The member of this name.
pub(super) fn named<'m, 'a>(members: &'m [Member<'a>], name: &str) -> Option<&'m Member<'a>> {
    members.iter().find(|member| member.name == name)
}

/// Whether a member is there to fill a hole, by its name, as for `cargo bpf-layout check`.
pub(super) fn is_padding(name: &str) -> bool {
    let name = name.trim_matches('_').trim_end_matches(|letter: char| letter.is_ascii_digit());
    matches!(name.trim_end_matches('_'), "" | "pad" | "padding" | "reserved" | "unused")
}

/// A type in words, those of the spec as far as it has any.
pub(super) fn text(btf: &Btf<'_>, id: TypeId) -> String {
    let (mut current, mut lengths) = (id, String::new());
    for _ in 0..Btf::MAX_DEPTH {
        let Ok(theirs) = look(btf, current) else { break };
        if let Theirs::Array(element, len) = theirs {
            lengths += &format!("[{len}]");
            current = element;
            continue;
        }
        return plain_text(&theirs) + &lengths;
    }
    String::from("a type that leads nowhere")
}

fn plain_text(theirs: &Theirs<'_>) -> String {
    let record = |keyword: &str, name: &str| {
        if name.is_empty() { format!("an unnamed {keyword}") } else { format!("{keyword} {name}") }
    };
    match theirs {
        Theirs::Number { size: 1, bool: true, .. } => String::from("bool"),
        Theirs::Number { size, big_endian: true, .. } => format!("be{}", size.saturating_mul(8)),
        Theirs::Number { size, signed: true, .. } => format!("i{}", size.saturating_mul(8)),
        Theirs::Number { size, .. } => format!("u{}", size.saturating_mul(8)),
        Theirs::Enum(ty) => record("enum", ty.name()),
        Theirs::Pointer(_) => String::from("a pointer"),
        Theirs::Float(size) => format!("a floating point number of {size} bytes"),
        Theirs::Record(ty) if ty.kind() == Kind::Union => record("union", ty.name()),
        Theirs::Record(ty) => record("struct", ty.name()),
        Theirs::Array(..) | Theirs::Other => String::from("no type of data"),
    }
}
