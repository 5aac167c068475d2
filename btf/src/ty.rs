//! One type, and what it holds.

use std::ffi::CStr;

use crate::{btf::TypeId, bytes::Bytes, header::Sections, kind::Kind};

/// Bytes of `struct btf_type`.
pub(crate) const TYPE_SIZE: usize = 12;

/// Longest name that is read. The kernel takes 511 bytes (`KSYM_NAME_LEN`); mangled names of userspace are longer. A
/// limit keeps hostile data from having one long name read for each of its members.
pub(crate) const MAX_NAME: usize = 4096;

/// One type of a [`crate::Btf`].
#[derive(Clone, Copy, Debug)]
pub struct Type<'a> {
    id: TypeId,
    kind: Kind,
    kind_flag: bool,
    vlen: usize,
    size_or_type: u32,
    name: u32,
    extra: Bytes<'a>,
    strings: &'a [u8],
}

/// The name at an offset; `None` if it is not in the strings, too long, or no UTF-8.
pub(crate) fn name_at(strings: &[u8], offset: u32) -> Option<&str> {
    let from = strings.get(offset as usize..)?;
    let name = CStr::from_bytes_until_nul(from.get(..=MAX_NAME).unwrap_or(from)).ok()?;
    name.to_str().ok()
}

impl<'a> Type<'a> {
    pub(crate) fn void(sections: Sections<'a>) -> Self {
        Type {
            id: TypeId::VOID,
            kind: Kind::Void,
            kind_flag: false,
            vlen: 0,
            size_or_type: 0,
            name: 0,
            extra: Bytes::new(&[], sections.types.big_endian()),
            strings: sections.strings,
        }
    }

    /// The type that begins at `start`, with no check but that its head is there. Since Linux 7.1, `info` has 24 bits of
    /// `vlen` and 7 of `kind`; before, 16 and 5, and the bits between were zero.
    pub(crate) fn read(sections: Sections<'a>, id: TypeId, start: usize) -> Option<Self> {
        let types = sections.types;
        let info = types.u32(start + 4)?;
        let kind = Kind::from_number((info >> 24 & 0x7f) as u8);
        let vlen = (info & 0x00ff_ffff) as usize;
        let extra_start = start + TYPE_SIZE;
        let extra = types.part(extra_start, types.len().checked_sub(extra_start)?)?;
        Some(Type {
            id,
            kind,
            kind_flag: info >> 31 == 1,
            vlen,
            size_or_type: types.u32(start + 8)?,
            name: types.u32(start)?,
            extra,
            strings: sections.strings,
        })
    }

    /// Bytes that it takes in the type section. For a kind that is not known, the layout section says how many follow.
    pub(crate) fn len(&self, layout: Bytes<'_>) -> Option<usize> {
        let (fixed, each) = self.kind.extra().or_else(|| {
            let Kind::Other(number) = self.kind else { return None };
            let entry = layout.part(usize::from(number) * 4, 4)?.data();
            Some((usize::from(entry[0]), usize::from(entry[1])))
        })?;
        self.vlen.checked_mul(each)?.checked_add(TYPE_SIZE + fixed)
    }

    pub(crate) fn name_offset(&self) -> u32 {
        self.name
    }

    /// Bytes behind its head, up to the end of the type section.
    pub(crate) fn extra(&self) -> Bytes<'a> {
        self.extra
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> TypeId {
        self.id
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name; empty if it has none.
    #[must_use]
    pub fn name(&self) -> &'a str {
        name_at(self.strings, self.name).unwrap_or_default()
    }

    /// `kind_flag`: a struct with bitfields, a declared union, an enum of signed values, a tag that is an attribute.
    #[must_use]
    pub fn kind_flag(&self) -> bool {
        self.kind_flag
    }

    /// For a declaration tag: the member or parameter that it is of, by its index; `None` for that of a whole type, and for
    /// other types.
    #[must_use]
    pub fn component(&self) -> Option<u32> {
        (self.kind == Kind::DeclTag).then(|| self.extra.u32(0))?.filter(|index| *index != u32::MAX)
    }

    /// Number of its elements: members, values, parameters, variables. For a function, its linkage.
    #[must_use]
    pub fn vlen(&self) -> usize {
        self.vlen
    }

    /// Bytes, for the kinds that say it themselves.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        matches!(
            self.kind,
            Kind::Int | Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::Float | Kind::Datasec
        )
        .then_some(self.size_or_type.into())
    }

    /// What it points to, renames, qualifies, tags, or is a variable or function of; what a function returns. `void`
    /// for types that refer to no other.
    #[must_use]
    pub fn target(&self) -> TypeId {
        if self.kind.refers() { TypeId(self.size_or_type) } else { TypeId::VOID }
    }

    /// How an integer is to be read; `None` for other types.
    #[must_use]
    pub fn int(&self) -> Option<Int> {
        let word = (self.kind == Kind::Int).then(|| self.extra.u32(0))??;
        let encoding = word >> 24 & 0x0f;
        Some(Int {
            size: self.size_or_type.into(),
            signed: encoding & 1 != 0,
            char: encoding & 2 != 0,
            bool: encoding & 4 != 0,
            bit_offset: word >> 16 & 0xff,
            bits: word & 0xff,
        })
    }

    /// Element and length of an array; `None` for other types.
    #[must_use]
    pub fn array(&self) -> Option<Array> {
        if self.kind != Kind::Array {
            return None;
        }
        Some(Array { element: TypeId(self.extra.u32(0)?), len: self.extra.u32(8)? })
    }

    /// The members of a struct or union, in order; none for other types.
    #[must_use]
    pub fn members(&self) -> Members<'a> {
        let len = if matches!(self.kind, Kind::Struct | Kind::Union) { self.vlen } else { 0 };
        Members { elements: self.elements(len, 12), kind_flag: self.kind_flag }
    }

    /// The values of an enum, in order; none for other types.
    #[must_use]
    pub fn enumerators(&self) -> Enumerators<'a> {
        let (len, size) = match self.kind {
            Kind::Enum => (self.vlen, 8),
            Kind::Enum64 => (self.vlen, 12),
            _ => (0, 8),
        };
        Enumerators { elements: self.elements(len, size), signed: self.kind_flag }
    }

    /// The variables of a data section, in order; none for other types.
    #[must_use]
    pub fn variables(&self) -> SectionVars<'a> {
        let len = if self.kind == Kind::Datasec { self.vlen } else { 0 };
        SectionVars { elements: self.elements(len, 12) }
    }

    fn elements(&self, len: usize, size: usize) -> Elements<'a> {
        Elements { bytes: self.extra, strings: self.strings, next: 0, len, size }
    }
}

/// How an integer is to be read (`BTF_INT_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int {
    /// Bytes.
    pub size: u64,
    /// Whether it may be negative.
    pub signed: bool,
    /// Whether it is declared a character; few writers say so.
    pub char: bool,
    /// Whether it is `_Bool`.
    pub bool: bool,
    /// Bits from its start, for the bitfields of old writers.
    pub bit_offset: u32,
    /// Bits; fewer than `size` has for the bitfields of old writers.
    pub bits: u32,
}

/// Element and length of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array {
    /// Type of the elements.
    pub element: TypeId,
    /// Number of elements.
    pub len: u32,
}

/// A member of a struct or union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name; empty if it has none.
    pub name: &'a str,
    /// Its type.
    pub ty: TypeId,
    /// Bits from the start of the struct.
    pub bit_offset: u32,
    /// Bits of a bitfield; 0 for other members, and for the bitfields of old writers, see [`Int::bits`].
    pub bit_size: u32,
}

/// A value of an enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enumerator<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value: of 32 bits, or for [`Kind::Enum64`] of 64. An unsigned enum of a writer from before Linux 6.0 looks
    /// like a signed one; see [`Type::kind_flag`].
    pub value: i128,
}

/// A variable in its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionVar {
    /// The variable, a type of [`Kind::Var`]; functions occur, too.
    pub var: TypeId,
    /// Bytes from the start of the section; 0 in objects that have not been linked.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
}

/// Fixed-size elements behind a type.
#[derive(Clone, Copy, Debug)]
struct Elements<'a> {
    bytes: Bytes<'a>,
    strings: &'a [u8],
    next: usize,
    len: usize,
    size: usize,
}

impl<'a> Elements<'a> {
    fn next(&mut self) -> Option<Bytes<'a>> {
        if self.next == self.len {
            return None;
        }
        let element = self.bytes.part(self.next * self.size, self.size)?;
        self.next += 1;
        Some(element)
    }

    fn name(&self, element: Bytes<'a>) -> &'a str {
        element.u32(0).and_then(|offset| name_at(self.strings, offset)).unwrap_or_default()
    }

    fn left(&self) -> (usize, Option<usize>) {
        (self.len - self.next, Some(self.len - self.next))
    }
}

/// Iterates over members.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    elements: Elements<'a>,
    kind_flag: bool,
}

impl Members<'_> {
    pub(crate) fn none() -> Self {
        let elements = Elements { bytes: Bytes::new(&[], false), strings: &[], next: 0, len: 0, size: 12 };
        Members { elements, kind_flag: false }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let element = self.elements.next()?;
        let place = element.u32(8)?;
        let (bit_offset, bit_size) = if self.kind_flag { (place & 0x00ff_ffff, place >> 24) } else { (place, 0) };
        Some(Member { name: self.elements.name(element), ty: TypeId(element.u32(4)?), bit_offset, bit_size })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.elements.left()
    }
}

impl ExactSizeIterator for Members<'_> {}

/// Iterates over the values of an enum.
#[derive(Clone, Debug)]
pub struct Enumerators<'a> {
    elements: Elements<'a>,
    signed: bool,
}

impl<'a> Iterator for Enumerators<'a> {
    type Item = Enumerator<'a>;

    fn next(&mut self) -> Option<Enumerator<'a>> {
        let element = self.elements.next()?;
        let low = element.u32(4)?;
        let value = match (element.u32(8), self.signed) {
            (None, true) => i128::from(low.cast_signed()),
            (None, false) => i128::from(low),
            (Some(high), signed) => {
                let wide = u64::from(high) << 32 | u64::from(low);
                if signed { i128::from(wide.cast_signed()) } else { i128::from(wide) }
            }
        };
        Some(Enumerator { name: self.elements.name(element), value })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.elements.left()
    }
}

impl ExactSizeIterator for Enumerators<'_> {}

/// Iterates over the variables of a section.
#[derive(Clone, Debug)]
pub struct SectionVars<'a> {
    elements: Elements<'a>,
}

impl Iterator for SectionVars<'_> {
    type Item = SectionVar;

    fn next(&mut self) -> Option<SectionVar> {
        let element = self.elements.next()?;
        Some(SectionVar { var: TypeId(element.u32(0)?), offset: element.u32(4)?, size: element.u32(8)? })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.elements.left()
    }
}

impl ExactSizeIterator for SectionVars<'_> {}
