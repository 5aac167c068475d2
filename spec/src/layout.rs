//! Stage 3: sizes, offsets and padding. **The only code that rounds up.** Emitters, reports and checks read the numbers
//! from here and never compute one.

mod compact;
mod place;

pub use compact::{Room, SCRATCH_MAX};
pub use place::lay_out;
pub(crate) use place::lay_out_types;

use crate::{
    model::{Model, Type, TypeId, Variable},
    scalar::Scalar,
};

/// Largest type in bytes. BTF gives a member's offset in bits as a 32-bit number (`struct btf_member`,
/// `include/uapi/linux/btf.h`).
pub const MAX_SIZE: u64 = 1 << 29;

/// Largest record with bitfields in bytes. With `kind_flag`, which bitfields need, BTF has 24 bits for a member's offset
/// in bits (`BTF_MEMBER_BIT_OFFSET`, `include/uapi/linux/btf.h`).
pub const MAX_SIZE_WITH_BITS: u64 = 1 << 21;

/// A [`Model`] with the place of every member.
#[derive(Clone, Debug)]
pub struct Layouts {
    /// The spec.
    pub model: Model,
    /// By [`TypeId`]; for enums, flags and extern types, a layout without members.
    pub types: Vec<TypeLayout>,
}

/// Where everything lies in one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeLayout {
    /// Bytes; a multiple of `align`.
    pub size: u64,
    /// Bytes, a power of two.
    pub align: u32,
    /// In order of offset, fields and padding alike, covering every byte and every bit from 0 to `size`. In a union,
    /// every field lies at 0; padding there is one member as long as the union, present only if no field is.
    pub members: Vec<Member>,
}

/// One member of a record as it lies in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// A field that starts on a byte.
    Field {
        /// Index into [`crate::model::Record::fields`].
        field: usize,
        /// Bytes from the start of the record.
        offset: u64,
        /// Bytes.
        size: u64,
        /// Alignment of the field's type by itself, before `packed`; `offset` is not a multiple of it where a packed
        /// or fixed layout put the field elsewhere.
        align: u32,
    },
    /// A run of bitfields, from one byte to another, with its unnamed bits.
    Bits(BitRun),
    /// Bytes that belong to nothing, named `_pad0`, `_pad1` …
    Padding {
        /// Number in its name, counted through the record.
        index: u32,
        /// Bytes from the start of the record.
        offset: u64,
        /// Bytes.
        len: u64,
    },
}

/// Bitfields that follow one another, from a whole byte to a whole byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BitRun {
    /// Number in its Rust name `_bits0`, counted through the record.
    pub index: u32,
    /// Byte of the record where it starts.
    pub offset: u64,
    /// Bytes; every one of `8 * len` bits belongs to exactly one of `bits`.
    pub len: u64,
    /// In order.
    pub bits: Vec<Bits>,
}

/// One bitfield, or a gap between two. Bits are counted from the first byte of the *record*, in the order of
/// allocation: from the least significant bit of a byte on little-endian machines, from the most significant on
/// big-endian ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits {
    /// Index into [`crate::model::Record::fields`]; `None` for a gap.
    pub field: Option<usize>,
    /// For a gap, the number in its name `_pad0`, from the same count as [`Member::Padding`].
    pub pad_index: u32,
    /// The declared type, which C writes before the colon.
    pub unit: Scalar,
    /// Bits from the start of the record.
    pub bit_offset: u64,
    /// Bits.
    pub width: u32,
}

impl TypeLayout {
    /// Whether a type of this alignment cannot lie at `offset` of this record by the rules of C alone: the offset is no
    /// multiple of it, or the record as a whole is aligned to less. C needs `packed` for such a member, Rust a type of
    /// alignment 1.
    #[must_use]
    pub fn is_unaligned(&self, offset: u64, align: u32) -> bool {
        align > self.align || !offset.is_multiple_of(align.into())
    }

    /// Whether C needs `packed` to lay this record out, because a member [lies unaligned](Self::is_unaligned).
    #[must_use]
    pub fn needs_packed(&self) -> bool {
        self.members.iter().any(|member| match member {
            Member::Field { offset, align, .. } => self.is_unaligned(*offset, *align),
            Member::Bits(run) => run.bits.iter().any(|bits| self.splits_unit(bits)),
            Member::Padding { .. } => false,
        })
    }

    /// Whether a bitfield lies across two units of its type, or in a record aligned to less than its type.
    fn splits_unit(&self, bits: &Bits) -> bool {
        let info = bits.unit.info();
        let unit = u64::from(info.size) * 8;
        info.align > self.align || bits.bit_offset % unit + u64::from(bits.width) > unit
    }
}

impl Layouts {
    /// Size in bytes and alignment of a type. A size beyond 64 bits, which no valid spec has, is `u64::MAX`.
    ///
    /// # Panics
    /// If the type came from another model.
    #[must_use]
    pub fn size_align(&self, ty: &Type) -> (u64, u32) {
        size_align(&self.types, ty)
    }

    /// The layout of a definition.
    ///
    /// # Panics
    /// If the id came from another model.
    #[must_use]
    pub fn of(&self, id: TypeId) -> &TypeLayout {
        &self.types[id.0 as usize]
    }
}

/// Size in bytes and alignment of a type that is made of these.
fn size_align(types: &[TypeLayout], ty: &Type) -> (u64, u32) {
    match ty {
        Type::Scalar(scalar) => (scalar.info().size.into(), scalar.info().align),
        Type::Str(count) | Type::Bytes(count) => (count.value, 1),
        Type::Array(element, count) => {
            let (size, align) = size_align(types, element);
            (size.saturating_mul(count.value), align)
        }
        Type::Variable(_) => (Variable::SIZE, Variable::ALIGN),
        Type::Def(id) => {
            let TypeLayout { size, align, .. } = types[id.0 as usize];
            (size, align)
        }
        Type::Kernel(field) => (field.info().size.into(), field.info().align),
        Type::Kptr(..) => (8, 8),
    }
}
