//! Declared types as an importer finds them: the language lays their members out.

use std::collections::HashMap;

use bpf_layout_spec::compare::{ObservedEnum, ObservedMember, ObservedRecord, ObservedType, Shape, Sign};

use super::{
    MAX_DEPTH, Rust,
    bindgen::{self, Role},
    declared::{Declared, EnumValue, Field, Kind},
    integers::{is_big_endian, primitive},
    written::Written,
};
use crate::{
    Note, foreign,
    found::{Found, MemberHint, Spelling, TypeHint},
    place::{self, Room},
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    New,
    Waiting,
    Done(usize),
    Refused,
}

pub(super) struct Reader<'a> {
    rust: &'a Rust,
    by_name: HashMap<&'a str, usize>,
    places: Vec<Place>,
    found: Found<'a>,
    notes: Vec<Note>,
}

/// A type in use: its shape, its alignment in bytes, and how it is spelled.
struct Used {
    shape: Shape,
    align: u32,
    spelling: Spelling<'static>,
}

/// A record whose fields have been looked at.
struct Parts<'a> {
    declared: &'a Declared,
    union: bool,
    /// Each field's type; none for one that takes no room.
    fields: Vec<(&'a Field, Option<Used>)>,
    size: u64,
    align: u32,
    /// Bits from the start, of each field.
    offsets: Vec<u64>,
}

impl<'a> Reader<'a> {
    pub(super) fn read(rust: &'a Rust) -> (Found<'a>, Vec<Note>) {
        let mut reader = Reader {
            rust,
            by_name: rust.types.iter().enumerate().map(|(index, ty)| (ty.ident.as_str(), index)).collect(),
            places: vec![Place::New; rust.types.len()],
            found: Found::default(),
            notes: Vec::new(),
        };
        for index in 0..rust.types.len() {
            reader.ty(index);
        }
        let named = reader.found.observed.types.iter().enumerate().filter(|(_, ty)| match ty {
            ObservedType::Record(record) => !record.name.is_empty(),
            ObservedType::Enum(def) => !def.name.is_empty(),
        });
        reader.found.roots = named.map(|(index, _)| index).collect();
        (reader.found, reader.notes)
    }

    /// Reads a declared type, and before it those that it is made of. What is made of itself is made of what waits: Rust has
    /// no such type.
    fn ty(&mut self, index: usize) {
        // No calls: a type may be made of the next, and so on, without end.
        let mut stack = vec![index];
        while let Some(&top) = stack.last() {
            match self.places[top] {
                Place::New => {
                    self.places[top] = Place::Waiting;
                    let parts = self.parts(top);
                    stack.extend(parts.into_iter().rev().filter(|part| self.places[*part] == Place::New));
                }
                Place::Waiting => {
                    stack.pop();
                    self.places[top] = self.read_one(top).map_or(Place::Refused, Place::Done);
                }
                Place::Done(_) | Place::Refused => drop(stack.pop()),
            }
        }
    }

    /// The declared types that the fields of one are made of, in their order.
    fn parts(&self, index: usize) -> Vec<usize> {
        let Kind::Record { fields, .. } = &self.rust.types[index].kind else { return Vec::new() };
        let types = fields.iter().flat_map(|field| field.bits.iter().map(|bits| &bits.ty).chain([&field.ty]));
        types.filter_map(|ty| self.part(ty.name()?)).collect()
    }

    /// The declared type of this name.
    fn declared(&self, name: &str) -> Option<usize> {
        // `Type` of a module may be known without it.
        let plain = || self.by_name.get(name.rsplit_once("::")?.1);
        self.by_name.get(name).or_else(plain).copied()
    }

    /// What a name stands for in the end, if that is declared.
    fn part(&self, name: &str) -> Option<usize> {
        let mut name = name;
        for _ in 0..=MAX_DEPTH {
            let index = self.declared(name)?;
            match &self.rust.types[index].kind {
                Kind::Alias(held) => name = held.name()?,
                Kind::Record { .. } | Kind::Enum { .. } => return Some(index),
            }
        }
        None
    }

    /// The place of a declared type among those found, if it has one.
    fn read_one(&mut self, index: usize) -> Option<usize> {
        let declared = &self.rust.types[index];
        let read = match &declared.kind {
            Kind::Alias(_) => return None,
            Kind::Enum { repr, values } => self.enumeration(declared, repr, values),
            Kind::Record { fields, .. }
                if self.rust.bindgen && bindgen::is_forward(fields.iter().map(|field| &field.name)) =>
            {
                return None;
            }
            Kind::Record { .. } => self.record(declared),
        };
        match read {
            Ok((ty, hint)) => {
                self.found.observed.types.push(ty);
                self.found.types.push(hint);
                Some(self.found.observed.types.len() - 1)
            }
            Err(message) => {
                self.note(declared, message);
                None
            }
        }
    }

    fn note(&mut self, declared: &Declared, message: String) {
        let subject = if declared.name.is_empty() { &declared.ident } else { &declared.name };
        self.notes.push(Note { subject: subject.clone(), message });
    }

    fn enumeration(
        &self,
        declared: &'a Declared,
        repr: &Written,
        values: &'a [EnumValue],
    ) -> Result<(ObservedType<'a>, TypeHint<'a>), String> {
        let Some(Used { shape: Shape::Int { size, sign, .. }, .. }) = self.used(repr, 0) else {
            return Err("is left out: which integer holds it, this file does not say".to_owned());
        };
        let sign = if values.iter().any(|value| value.value < 0) { Sign::Signed } else { sign };
        let named = values.iter().map(|value| (value.name.as_str(), value.value)).collect();
        let place = format!("enum {}", declared.name);
        let ty = ObservedType::Enum(ObservedEnum { name: &declared.name, size, sign, values: Some(named), place });
        let members =
            values.iter().map(|value| MemberHint { doc: value.doc.clone(), ..MemberHint::default() }).collect();
        Ok((
            ty,
            TypeHint { doc: declared.doc.clone(), align: u32::try_from(size).ok(), members, ..TypeHint::default() },
        ))
    }

    fn record(&mut self, declared: &'a Declared) -> Result<(ObservedType<'a>, TypeHint<'a>), String> {
        let parts = self.laid_out(declared)?;
        let is_blob = |field: &Field| self.rust.bindgen && bindgen::role(&field.name) == Role::Blob;
        let blob = parts.fields.iter().any(|(field, _)| is_blob(field));
        let (members, hints) = if blob { (Vec::new(), Vec::new()) } else { self.members(&parts)? };
        if blob {
            self.note(
                declared,
                "bindgen has no way to write its members, and has written it as bytes: its size and alignment are kept; \
                 `--header` has the rest"
                    .to_owned(),
            );
        }
        let Parts { union, size, align, .. } = parts;
        let word = if union { "union" } else { "struct" };
        let place = format!("{word} {}", declared.name);
        let record = ObservedRecord { name: &declared.name, alias: false, union, size, members, place };
        let hint = TypeHint {
            doc: declared.doc.clone(),
            align: Some(align),
            foreign: blob || self.rust.bindgen && foreign::is_uapi(&declared.name),
            event: declared.name == "event" || declared.name.ends_with("_event"),
            members: hints,
            ..TypeHint::default()
        };
        Ok((ObservedType::Record(record), hint))
    }

    /// Where the fields of a record lie.
    fn laid_out(&self, declared: &'a Declared) -> Result<Parts<'a>, String> {
        let Kind::Record { union, packed, align, fields } = &declared.kind else {
            return Err("is no struct".to_owned());
        };
        let mut used = Vec::new();
        for field in fields {
            let ty = match &field.ty {
                Written::Nothing => None,
                ty => Some(self.used(ty, 0).ok_or_else(|| unknown(&field.text, &field.name))?),
            };
            used.push((field, ty));
        }
        let in_union = |field: &Field| matches!(field.ty, Written::InUnion(_));
        // A union that is written as a struct: its last member is as large as it, and all others are at its start.
        let as_struct = fields.iter().any(in_union);
        let takes_room: Vec<usize> =
            (0..used.len()).filter(|index| used[*index].1.is_some() && !in_union(used[*index].0)).collect();
        let rooms: Vec<Room> = takes_room
            .iter()
            .filter_map(|index| used[*index].1.as_ref())
            .map(|used| Room::Bytes { size: self.found.observed.size_of(&used.shape).unwrap_or(0), align: used.align })
            .collect();
        let mut offsets = vec![0; fields.len()];
        let (mut size, mut own_align) = (0, align.unwrap_or(1));
        if !rooms.is_empty() {
            let laid = place::natural(*union, *packed, *align, &rooms)
                .ok_or_else(|| "is left out: the language has no such layout".to_owned())?;
            takes_room.iter().zip(&laid.places).for_each(|(index, place)| offsets[*index] = *place);
            (size, own_align) = (laid.size, laid.align);
        }
        Ok(Parts { declared, union: *union || as_struct, fields: used, size, align: own_align, offsets })
    }

    /// The members that C has of a record.
    fn members(&mut self, parts: &Parts<'a>) -> Result<(Vec<ObservedMember<'a>>, Vec<MemberHint<'a>>), String> {
        let (mut members, mut hints) = (Vec::new(), Vec::new());
        for ((field, used), &bit_offset) in parts.fields.iter().zip(&parts.offsets) {
            let Some(used) = used else { continue };
            let role = if self.rust.bindgen { bindgen::role(&field.name) } else { Role::Plain };
            let bit_size = self.found.observed.size_of(&used.shape).unwrap_or(0).saturating_mul(8);
            if let Written::Unit { .. } = field.ty {
                self.bitfields(parts.declared, field, bit_offset, bit_size, &mut members, &mut hints)?;
                continue;
            }
            if role == Role::Filler {
                continue;
            }
            let name = if role == Role::Unnamed { "" } else { field.name.as_str() };
            members.push(ObservedMember { name, bit_offset, bit_size, bitfield: false, shape: used.shape.clone() });
            hints.push(MemberHint { doc: field.doc.clone(), spelling: used.spelling.clone(), contains: None });
        }
        Ok((members, hints))
    }

    /// Bitfields of a unit, as far as functions read them.
    fn bitfields(
        &mut self,
        declared: &Declared,
        unit: &'a Field,
        start: u64,
        bit_size: u64,
        members: &mut Vec<ObservedMember<'a>>,
        hints: &mut Vec<MemberHint<'a>>,
    ) -> Result<(), String> {
        if unit.bits.is_empty() {
            let message = format!(
                "bitfields lie in the {} bytes of `{}`, which no function here reads: what they are called is not known",
                bit_size / 8,
                unit.name
            );
            self.note(declared, message);
        }
        for bits in &unit.bits {
            let used = self.used(&bits.ty, 0).ok_or_else(|| unknown(&bits.text, &bits.name))?;
            if bits.width == 0 || bits.offset.checked_add(bits.width).is_none_or(|end| end > bit_size) {
                return Err(format!("is left out: bitfield `{}` does not lie in `{}`", bits.name, unit.name));
            }
            let bit_offset = start.saturating_add(bits.offset);
            members.push(ObservedMember {
                name: &bits.name,
                bit_offset,
                bit_size: bits.width,
                bitfield: true,
                shape: used.shape,
            });
            hints.push(MemberHint { doc: bits.doc.clone(), spelling: used.spelling, contains: None });
        }
        Ok(())
    }

    fn used(&self, ty: &Written, depth: usize) -> Option<Used> {
        if depth > MAX_DEPTH {
            return None;
        }
        match ty {
            Written::Pointer { to } => {
                let pointee = to.as_ref().map(|to| self.pointee(to).into());
                let spelling = Spelling { pointee, ..Spelling::default() };
                Some(Used { shape: Shape::Pointer(8), align: 8, spelling })
            }
            Written::Array { of, len: text } => {
                let len = self.rust.numbers.value(text).and_then(|len| u64::try_from(len).ok())?;
                let mut used = self.used(of, depth + 1)?;
                let named = text.contains(|letter: char| letter.is_ascii_uppercase());
                let expr = crate::header::spec_expr(&text.replace(" as usize", "")).filter(|_| named);
                used.spelling.lengths.insert(0, expr);
                Some(Used { shape: Shape::Array(Box::new(used.shape), len), ..used })
            }
            Written::Named(name) => self.named(name, depth),
            Written::InUnion(of) => self.used(of, depth + 1),
            Written::Aligned(of, align) => Some(Used { align: *align, ..self.used(of, depth + 1)? }),
            Written::Unit { bytes, align } => {
                let bytes = self.used(bytes, depth + 1)?;
                let align =
                    align.as_ref().map_or(Some(bytes.align), |align| Some(self.used(align, depth + 1)?.align))?;
                Some(Used { align, ..bytes })
            }
            Written::Nothing | Written::Other => None,
        }
    }

    /// What a pointer points to, as C says it.
    fn pointee(&self, name: &str) -> String {
        let kind = self.declared(name).map(|index| &self.rust.types[index].kind).filter(|_| self.rust.bindgen);
        match kind {
            Some(Kind::Record { union: true, .. }) => format!("union {name}"),
            Some(Kind::Record { .. }) => format!("struct {name}"),
            _ => name.to_owned(),
        }
    }

    fn named(&self, name: &str, depth: usize) -> Option<Used> {
        if let Some(index) = self.declared(name) {
            if let Kind::Alias(held) = &self.rust.types[index].kind {
                let mut used = self.used(held, depth + 1)?;
                if let Shape::Int { big_endian, .. } = &mut used.shape {
                    *big_endian |= is_big_endian(name);
                }
                return Some(used);
            }
            let Place::Done(place) = self.places[index] else { return None };
            let align = self.found.hint(place).align?;
            return Some(Used { shape: Shape::Def(place), align, spelling: Spelling::default() });
        }
        let shape = primitive(name)?;
        let align = match &shape {
            Shape::Int { size, .. } | Shape::Float(size) => u32::try_from(*size).ok()?,
            _ => 1,
        };
        Some(Used { shape, align, spelling: Spelling { char: name == "c_char", ..Spelling::default() } })
    }
}

fn unknown(ty: &str, field: &str) -> String {
    format!("is left out: what `{ty}` of field `{field}` is, this file does not say")
}
