//! Records as the DWARF of an object describes them.
#![allow(non_upper_case_globals, reason = "the names are those of the standard")]

use std::{borrow::Cow, collections::HashMap};

use gimli::{
    AttributeValue, DwAt, DwTag, EndianSlice, RunTimeEndian, Unit, UnitOffset,
    constants::{
        DW_AT_bit_offset, DW_AT_bit_size, DW_AT_byte_size, DW_AT_count, DW_AT_data_bit_offset,
        DW_AT_data_member_location, DW_AT_declaration, DW_AT_name, DW_AT_type, DW_AT_upper_bound, DW_TAG_array_type,
        DW_TAG_const_type, DW_TAG_member, DW_TAG_pointer_type, DW_TAG_structure_type, DW_TAG_subrange_type,
        DW_TAG_typedef, DW_TAG_union_type, DW_TAG_volatile_type,
    },
};
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget};

use crate::types::{Member, Record, Types};

type Slice<'a> = EndianSlice<'a, RunTimeEndian>;
type Dwarf<'a> = gimli::Dwarf<Slice<'a>>;

/// All structs and unions that have a name.
///
/// # Errors
/// If the DWARF cannot be read, or has what C that we write has not.
pub fn read(object: &[u8]) -> Result<Types, String> {
    let file = object::File::parse(object).map_err(|error| error.to_string())?;
    let endian = if file.is_little_endian() { RunTimeEndian::Little } else { RunTimeEndian::Big };
    let sections = gimli::DwarfSections::load(|id| relocated(&file, id.name()))?;
    let dwarf = sections.borrow(|section| EndianSlice::new(section, endian));
    let mut types = Types::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next().map_err(text)? {
        let unit = dwarf.unit(header).map_err(text)?;
        Entries::of(&dwarf, &unit, file.is_little_endian())?.state(&mut types)?;
    }
    if types.is_empty() { Err("the object's DWARF has no record".to_owned()) } else { Ok(types) }
}

fn text(error: gimli::Error) -> String {
    format!("DWARF: {error}")
}

/// A section of an object that was not linked, with its references to other sections filled in. They are 32 bits wide in
/// the 32-bit format of DWARF, which all compilers write unless they are asked for the other; references to code and data
/// say nothing of types, and stay as they are.
fn relocated<'a>(file: &object::File<'a>, name: &str) -> Result<Cow<'a, [u8]>, String> {
    let Some(section) = file.section_by_name(name) else { return Ok(Cow::default()) };
    let data = section.uncompressed_data().map_err(|error| error.to_string())?;
    let mut filled = None;
    for (offset, relocation) in section.relocations() {
        let RelocationTarget::Symbol(index) = relocation.target() else { continue };
        let symbol = file.symbol_by_index(index).map_err(|error| error.to_string())?;
        let target = symbol.section_index().and_then(|index| file.section_by_index(index).ok());
        if !target.is_some_and(|target| target.name().is_ok_and(|name| name.starts_with(".debug_"))) {
            continue;
        }
        let bytes: &mut Vec<u8> = filled.get_or_insert_with(|| data.to_vec());
        let at = usize::try_from(offset).ok().and_then(|at| bytes.get_mut(at..at.checked_add(4)?));
        let at: &mut [u8] = at.ok_or_else(|| format!("{name} has a reference beyond its end"))?;
        let before: [u8; 4] = (&*at).try_into().expect("four bytes");
        let little = file.is_little_endian();
        let before = if little { u32::from_le_bytes(before) } else { u32::from_be_bytes(before) };
        let implicit = if relocation.has_implicit_addend() { i64::from(before) } else { 0 };
        let value = symbol.address().wrapping_add_signed(relocation.addend().wrapping_add(implicit));
        let value = u32::try_from(value).map_err(|_| format!("{name} has a reference of more than 32 bits"))?;
        at.copy_from_slice(&if little { value.to_le_bytes() } else { value.to_be_bytes() });
    }
    Ok(filled.map_or(data, Cow::Owned))
}

/// What is needed of one entry.
#[derive(Default)]
struct Entry {
    tag: Option<DwTag>,
    name: Option<String>,
    numbers: HashMap<DwAt, u64>,
    /// `DW_AT_bit_offset`, which may be negative.
    from_top: Option<i64>,
    ty: Option<UnitOffset>,
    children: Vec<UnitOffset>,
}

/// The entries of one unit.
struct Entries {
    by_offset: HashMap<UnitOffset, Entry>,
    address_size: u64,
    little_endian: bool,
}

/// Attributes that are numbers.
const NUMBERS: &[DwAt] = &[
    DW_AT_byte_size,
    DW_AT_bit_size,
    DW_AT_data_bit_offset,
    DW_AT_data_member_location,
    DW_AT_count,
    DW_AT_upper_bound,
];

impl Entries {
    fn of<'a>(dwarf: &Dwarf<'a>, unit: &Unit<Slice<'a>>, little_endian: bool) -> Result<Self, String> {
        let mut by_offset: HashMap<UnitOffset, Entry> = HashMap::new();
        let mut above: Vec<UnitOffset> = Vec::new();
        let mut cursor = unit.entries();
        while let Some(entry) = cursor.next_dfs().map_err(text)? {
            let mut found = Entry { tag: Some(entry.tag()), ..Entry::default() };
            for attribute in entry.attrs() {
                match (attribute.name(), attribute.value()) {
                    (DW_AT_name, value) => {
                        let name = dwarf.attr_string(unit, value).map_err(text)?;
                        found.name = Some(name.to_string_lossy().into_owned());
                    }
                    (DW_AT_bit_offset, value) => {
                        // clang writes what is negative as 64 bits without a sign.
                        found.from_top = value.udata_value().map(u64::cast_signed).or(value.sdata_value());
                    }
                    (DW_AT_type, AttributeValue::UnitRef(ty)) => found.ty = Some(ty),
                    (name, value) if NUMBERS.contains(&name) => {
                        if let Some(number) = value.udata_value() {
                            found.numbers.insert(name, number);
                        }
                    }
                    (name @ DW_AT_declaration, _) => {
                        found.numbers.insert(name, 1);
                    }
                    _ => {}
                }
            }
            let depth = usize::try_from(entry.depth()).map_err(|_| "DWARF: a depth below 0")?;
            above.truncate(depth);
            if let Some(parent) = above.last().and_then(|parent| by_offset.get_mut(parent)) {
                parent.children.push(entry.offset());
            }
            above.push(entry.offset());
            by_offset.insert(entry.offset(), found);
        }
        let address_size = u64::from(unit.encoding().address_size);
        Ok(Entries { by_offset, address_size, little_endian })
    }

    fn state(&self, types: &mut Types) -> Result<(), String> {
        for entry in self.by_offset.values() {
            let Some(name) = &entry.name else { continue };
            if is_record(entry) && !entry.numbers.contains_key(&DW_AT_declaration) {
                types.insert(name.clone(), self.record(entry)?);
            }
        }
        Ok(())
    }

    fn entry(&self, offset: UnitOffset) -> Result<&Entry, String> {
        self.by_offset.get(&offset).ok_or_else(|| "DWARF refers to an entry that it has not".to_owned())
    }

    fn record(&self, entry: &Entry) -> Result<Record, String> {
        let size = *entry.numbers.get(&DW_AT_byte_size).ok_or("DWARF: a record without a size")?;
        let mut members = Vec::new();
        for &child in &entry.children {
            let child = self.entry(child)?;
            if child.tag == Some(DW_TAG_member) {
                members.push(self.member(child)?);
            }
        }
        Ok(Record { size: Some(size), members })
    }

    fn member(&self, entry: &Entry) -> Result<Member, String> {
        let number = |attribute| entry.numbers.get(&attribute).copied();
        let ty = entry.ty.ok_or("DWARF: a member without a type")?;
        let bytes = number(DW_AT_data_member_location).unwrap_or(0);
        let bit_offset = match entry.from_top {
            Some(_) => self.bit_in_storage(entry)?.ok_or("DWARF: a bitfield that begins before its record")?,
            None => bytes * 8 + number(DW_AT_data_bit_offset).unwrap_or(0),
        };
        match (&entry.name, number(DW_AT_bit_size)) {
            (Some(name), Some(bit_size)) => {
                Ok(Member::Named { name: name.clone(), bit_offset, bit_size, is_bitfield: true })
            }
            (Some(name), None) => {
                let bit_size = self.bytes_of(ty)? * 8;
                Ok(Member::Named { name: name.clone(), bit_offset, bit_size, is_bitfield: false })
            }
            (None, Some(_)) => Err("an unnamed bitfield: padding that nobody can zero".to_owned()),
            (None, None) => Ok(Member::Unnamed { bit_offset, record: self.record(self.entry(self.bare(ty)?)?)? }),
        }
    }

    /// Where a bitfield starts that is described as up to DWARF 3: by the bits between its most significant one and that of
    /// the integer that it is stored in. clang still does so for debuggers that may not know better.
    fn bit_in_storage(&self, entry: &Entry) -> Result<Option<u64>, String> {
        let number = |attribute| entry.numbers.get(&attribute).copied();
        let ty = entry.ty.ok_or("DWARF: a member without a type")?;
        let bytes = number(DW_AT_byte_size).map_or_else(|| self.bytes_of(ty), Ok)?;
        let start = number(DW_AT_data_member_location).unwrap_or(0) * 8;
        let from_top = entry.from_top.unwrap_or(0);
        if !self.little_endian {
            return Ok(start.checked_add_signed(from_top));
        }
        let end = (start + bytes * 8).checked_sub(number(DW_AT_bit_size).unwrap_or(0));
        Ok(end.and_then(|end| end.checked_add_signed(from_top.checked_neg()?)))
    }

    /// The type behind typedefs and qualifiers.
    fn bare(&self, offset: UnitOffset) -> Result<UnitOffset, String> {
        let entry = self.entry(offset)?;
        match (entry.tag, entry.ty) {
            (Some(DW_TAG_typedef | DW_TAG_const_type | DW_TAG_volatile_type), Some(ty)) => self.bare(ty),
            _ => Ok(offset),
        }
    }

    fn bytes_of(&self, offset: UnitOffset) -> Result<u64, String> {
        let entry = self.entry(self.bare(offset)?)?;
        match (entry.tag, entry.numbers.get(&DW_AT_byte_size)) {
            (Some(DW_TAG_array_type), None) => {
                let element = self.bytes_of(entry.ty.ok_or("DWARF: an array without a type")?)?;
                let dimensions = entry.children.iter().map(|&child| self.elements(child));
                Ok(element * dimensions.collect::<Result<Vec<_>, _>>()?.iter().product::<u64>())
            }
            (Some(DW_TAG_pointer_type), None) => Ok(self.address_size),
            (_, Some(&size)) => Ok(size),
            (tag, None) => Err(format!("DWARF: a member of a type without a size: {tag:?}")),
        }
    }

    /// Elements of one dimension of an array; none, if it has no bound.
    fn elements(&self, offset: UnitOffset) -> Result<u64, String> {
        let entry = self.entry(offset)?;
        let count = entry.numbers.get(&DW_AT_count).copied();
        let last = entry.numbers.get(&DW_AT_upper_bound).and_then(|last| last.checked_add(1));
        match entry.tag {
            Some(DW_TAG_subrange_type) => Ok(count.or(last).unwrap_or(0)),
            _ => Err("DWARF: an array of something else than dimensions".to_owned()),
        }
    }
}

fn is_record(entry: &Entry) -> bool {
    matches!(entry.tag, Some(DW_TAG_structure_type | DW_TAG_union_type))
}
