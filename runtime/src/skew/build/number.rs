//! Numbers: integers, truth values, times, addresses, enums and flags, whole or as bitfields.

use std::{format, string::String, vec, vec::Vec};

use bpf_layout_btf::{Error, Type, TypeId};

use super::{At, Builder, bytes, index, text};
use crate::{
    shape::{Place, Shape},
    skew::{
        names::{self, Names},
        number::Slot,
        op::{Number, Op},
        rule::{Difference, Handling, Rule},
        theirs::{self, Member, Theirs, enum_sign, look},
    },
};

/// Where theirs has a number.
#[derive(Clone, Copy)]
pub(super) struct Source {
    id: TypeId,
    /// First byte, from where steps count.
    offset: usize,
    /// First bit from there on, and width.
    bits: Option<(usize, u32)>,
}

impl Source {
    /// A type at a byte.
    pub(super) fn whole(offset: usize, id: TypeId) -> Self {
        Source { id, offset, bits: None }
    }

    /// A member of a record that lies at byte `base`.
    pub(super) fn member(base: usize, member: &Member<'_>) -> Self {
        let offset = base.saturating_add(index(member.bit_offset / 8));
        // Less than 8: it fits.
        let first = (member.bit_offset % 8) as usize;
        Source { id: member.ty, offset, bits: member.bits.map(|width| (first, width)) }
    }
}

/// What theirs says of a number.
struct Found<'a> {
    size: usize,
    signed: bool,
    big_endian: bool,
    bool: bool,
    definition: Option<Type<'a>>,
}

/// A number of ours, as far as comparing goes.
#[derive(Clone, Copy)]
struct Wanted {
    slot: Slot,
    shape: &'static Shape,
}

impl Wanted {
    fn whole(offset: usize, shape: &'static Shape) -> Self {
        let slot = Slot {
            offset,
            size: shape.size(),
            bits: None,
            signed: is_signed(shape),
            big_endian: matches!(shape, Shape::BigEndian(_) | Shape::Ipv4),
            bool: matches!(shape, Shape::Bool),
        };
        Wanted { slot, shape }
    }

    fn bits(place: &Place, shape: &'static Shape) -> Self {
        Wanted { slot: Slot { bool: matches!(shape, Shape::Bool), ..Slot::of_place(place) }, shape }
    }
}

fn is_signed(shape: &Shape) -> bool {
    match shape {
        Shape::Signed(_) => true,
        Shape::Enum(info) => info.signed,
        _ => false,
    }
}

const NO_NUMBER: &str = "no number can be made of it";

impl<'a> Builder<'_, 'a> {
    /// A number of whole bytes.
    pub(super) fn number(
        &mut self,
        at: &At<'_>,
        (ours, shape): (usize, &'static Shape),
        source: &Source,
    ) -> Result<Vec<Op>, Error> {
        self.pair(at, Wanted::whole(ours, shape), source)
    }

    /// A bitfield, whose place counts from where steps do.
    pub(super) fn bitfield(
        &mut self,
        at: &At<'_>,
        (place, shape): (&Place, &'static Shape),
        source: &Source,
    ) -> Result<Vec<Op>, Error> {
        self.pair(at, Wanted::bits(place, shape), source)
    }

    /// A tag, which is compared as the field that it is; here only how it is read counts.
    pub(super) fn tag(
        &mut self,
        (ours, shape): (usize, &'static Shape),
        source: &Source,
    ) -> Result<Option<Number>, Error> {
        let wanted = Wanted::whole(ours, shape);
        let Some(found) = self.found(wanted.shape, source)? else { return Ok(None) };
        let names = self.names(wanted.shape, &found, &mut vec![]);
        Ok(number(wanted, &found, source, names))
    }

    fn pair(&mut self, at: &At<'_>, wanted: Wanted, source: &Source) -> Result<Vec<Op>, Error> {
        let Some(found) = self.found(wanted.shape, source)? else {
            return Ok(self.number_from_bytes(at, wanted, source)?.unwrap_or_default());
        };
        self.compare(at, wanted, &found, source);
        let mut differences = vec![];
        let names = self.names(wanted.shape, &found, &mut differences);
        self.built.differences.append(&mut differences);
        let Some(number) = number(wanted, &found, source, names) else {
            return Ok(self.refuse_type(at, wanted.shape, source.id, NO_NUMBER));
        };
        Ok(vec![Op::Number { number, field: self.path(at.path) }])
    }

    /// Targets without integers of 128 bits have two halves in a struct: the same bytes. Nothing else is a number.
    fn number_from_bytes(&mut self, at: &At<'_>, wanted: Wanted, source: &Source) -> Result<Option<Vec<Op>>, Error> {
        let Wanted { slot, shape } = wanted;
        let halves = matches!(shape, Shape::Unsigned(16) | Shape::Signed(16)) && source.bits.is_none();
        if halves && matches!(look(self.btf, source.id)?, Theirs::Record(_)) {
            let found = index(self.btf.size_of(source.id)?);
            if found == 16 {
                return Ok(Some(vec![Op::Copy { theirs: source.offset, ours: slot.offset, len: 16 }]));
            }
        }
        self.refuse_type(at, shape, source.id, NO_NUMBER);
        Ok(None)
    }

    /// What theirs says of a number; `None` if it is none.
    fn found(&self, shape: &Shape, source: &Source) -> Result<Option<Found<'a>>, Error> {
        let found =
            |size: u64, signed| Found { size: index(size), signed, big_endian: false, bool: false, definition: None };
        Ok(match look(self.btf, source.id)? {
            Theirs::Number { size, signed, bool, big_endian } => {
                // Many C programs hold network byte order in a plain integer; where ours says so, it is so. Enums and
                // flags are in host order, whatever the typedef.
                let big_endian = match shape {
                    Shape::BigEndian(_) | Shape::Ipv4 => true,
                    Shape::Enum(_) | Shape::Flags(_) => false,
                    _ => big_endian,
                };
                Some(Found { big_endian, bool, ..found(size, signed) })
            }
            Theirs::Enum(ty) => {
                let big_endian = matches!(shape, Shape::BigEndian(_) | Shape::Ipv4);
                let signed = enum_sign(&ty).unwrap_or(is_signed(shape));
                Some(Found { definition: Some(ty), big_endian, ..found(ty.size().unwrap_or(0), signed) })
            }
            Theirs::Pointer(size) if matches!(shape, Shape::Ptr) => Some(found(size, false)),
            Theirs::Pointer(_) | Theirs::Float(_) | Theirs::Array(..) | Theirs::Record(_) | Theirs::Other => None,
        })
    }

    /// Reports what is otherwise, as `cargo bpf-layout check` does (`spec/src/compare/shape.rs`): the type if its bytes
    /// mean something else, else the size, else the sign.
    fn compare(&mut self, at: &At<'_>, wanted: Wanted, found: &Found<'_>, source: &Source) {
        let Wanted { slot, shape } = wanted;
        let bits = slot.bits.is_some() || source.bits.is_some();
        if is_another_type(shape, found, bits) {
            let handling = narrowed(is_narrower(slot, found, source));
            self.differ(at, Rule::FieldType, text(shape), theirs::text(self.btf, source.id), handling);
        } else if !bits && slot.size != found.size {
            // An address has its size or is none.
            let handling = match shape {
                Shape::Ipv4 => Handling::Refused("only as many bytes can be one"),
                _ => narrowed(is_narrower(slot, found, source)),
            };
            self.differ(at, Rule::FieldSize, bytes(slot.size), bytes(found.size), handling);
        } else if slot.signed != found.signed && found.definition.is_none() && !(slot.bool && found.signed) {
            let expected = sign_text(slot.signed, shape);
            let found = sign_text(found.signed, &Shape::Unsigned(found.size));
            self.differ(at, Rule::FieldSign, expected, found, Handling::Narrowed);
        }
    }

    /// How the numbers of an enum or of flags are translated, if any changed.
    fn names(&self, shape: &'static Shape, found: &Found<'_>, differences: &mut Vec<Difference>) -> Option<Names> {
        let (info, flags) = match shape {
            Shape::Enum(info) => (*info, false),
            Shape::Flags(info) => (*info, true),
            _ => return None,
        };
        if found.bool {
            return None;
        }
        let definition = match found.definition {
            Some(ty) if names::is_ours(info, &ty) => ty,
            Some(_) => return None,
            None => names::find(self.btf, info)?,
        };
        Names::new(info, flags, &definition, differences)
    }
}

fn narrowed(narrower: bool) -> Handling {
    if narrower { Handling::Narrowed } else { Handling::Converted }
}

fn is_narrower(slot: Slot, found: &Found<'_>, source: &Source) -> bool {
    let theirs = source.bits.map_or(found.size.saturating_mul(8), |(_, width)| width as usize);
    (slot.width() as usize) < theirs || slot.signed != found.signed
}

/// Whether bytes of one mean something else than those of the other.
fn is_another_type(shape: &Shape, found: &Found<'_>, bits: bool) -> bool {
    match (shape, &found.definition) {
        // How wide the type of a bitfield is, and what it is called, says nothing about the bits.
        _ if bits => false,
        (Shape::Enum(info) | Shape::Flags(info), Some(ty)) => !names::is_ours(info, ty),
        (Shape::Unsigned(_) | Shape::Signed(_), Some(_)) => false,
        (_, Some(_)) => true,
        (Shape::Unsigned(_) | Shape::Signed(_), None) => found.bool || found.big_endian,
        (shape, None) => found.bool != matches!(shape, Shape::Bool),
    }
}

fn sign_text(signed: bool, shape: &Shape) -> String {
    match shape {
        Shape::Unsigned(size) | Shape::Signed(size) => format!("{}{}", if signed { "i" } else { "u" }, 8 * size),
        shape => text(shape),
    }
}

/// Both places, if either side has no more bits than can be handled.
fn number(wanted: Wanted, found: &Found<'_>, source: &Source, names: Option<Names>) -> Option<Number> {
    let size = match source.bits {
        Some((first, width)) => first.saturating_add(width as usize).div_ceil(8),
        None => found.size,
    };
    let theirs = Slot {
        offset: source.offset,
        size,
        bits: source.bits,
        signed: found.signed,
        big_endian: found.big_endian && source.bits.is_none(),
        // Read as the integer that it is stored as.
        bool: false,
    };
    let ours = wanted.slot;
    (ours.is_sound() && theirs.is_sound()).then(|| Number::new(theirs, ours, names))
}
