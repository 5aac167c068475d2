//! Structs, events and unions: their fields by name, those of unnamed members as fields of the record around them.

use std::{format, string::String, vec, vec::Vec};

use bpf_layout_btf::{Error, Kind, TypeId};

use super::{At, Builder, bytes, index, number::Source, text, union::Tag};
use crate::{
    shape::{Detail, FieldInfo, Place, Shape, TypeInfo},
    skew::{
        build::Missing,
        op::Op,
        rule::{Handling, Rule},
        theirs::{self, Member, Theirs, look, named},
    },
};

/// A record that has a name, on both sides.
pub(super) struct Scope<'s> {
    /// Its name in the spec.
    what: &'static str,
    /// Where it is in the outermost record; empty for that itself.
    path: &'s str,
    members: &'s [Member<'s>],
    /// Byte of ours and of theirs where it begins.
    pub(super) ours: usize,
    pub(super) theirs: usize,
}

impl Scope<'_> {
    fn path(&self, field: &str) -> String {
        if self.path.is_empty() { field.into() } else { format!("{}.{field}", self.path) }
    }

    pub(super) fn member(&self, name: &str) -> Option<&Member<'_>> {
        named(self.members, name)
    }
}

impl Builder<'_, '_> {
    /// A record that has a name, as all fields that both have.
    pub(super) fn record(
        &mut self,
        at: &At<'_>,
        (ours, info, shape): (usize, &'static TypeInfo, &'static Shape),
        (theirs, id): (usize, TypeId),
        tag: Option<Tag>,
    ) -> Result<Vec<Op>, Error> {
        let Theirs::Record(record) = look(self.btf, id)? else {
            return Ok(self.refuse_type(at, shape, id, "it has no fields"));
        };
        let whole = At { what: info.name, field: None, path: at.path };
        let word = |union| String::from(if union { "a union" } else { "a struct" });
        let (is_union, found_union) = (matches!(shape, Shape::Union(_)), record.kind() == Kind::Union);
        if is_union != found_union {
            let reason = "a struct has all of its fields at once, a union one";
            return Ok(self.refuse(&whole, Rule::TypeKind, word(is_union), word(found_union), reason));
        }
        let size = index(record.size().unwrap_or(0));
        if size != info.size {
            self.differ(&whole, Rule::TypeSize, bytes(info.size), bytes(size), Handling::Converted);
        }
        let members = theirs::members(self.btf, &record)?;
        let scope = Scope { what: info.name, path: at.path, members: &members, ours, theirs };
        let ops = if is_union { self.choices(&scope, (info, 0), tag)? } else { self.fields(&scope, (info, 0))? };
        self.extra(&scope, info);
        Ok(ops)
    }

    /// All fields of a record that begins `within` the one that has a name.
    pub(super) fn fields(
        &mut self,
        scope: &Scope<'_>,
        (info, within): (&'static TypeInfo, usize),
    ) -> Result<Vec<Op>, Error> {
        let mut ops = vec![];
        for field in info.fields() {
            ops.append(&mut self.field(scope, (info, within), field)?);
        }
        Ok(ops)
    }

    /// One entry of a record's table.
    pub(super) fn field(
        &mut self,
        scope: &Scope<'_>,
        (info, within): (&'static TypeInfo, usize),
        field: FieldInfo,
    ) -> Result<Vec<Op>, Error> {
        let start = within + field.offset;
        match field.shape {
            Shape::Padding(_) => Ok(vec![]),
            Shape::BitRun(len) => self.bit_run(scope, (info, within), (field.offset, *len)),
            Shape::Record(inner) if is_unnamed(field) => self.fields(scope, (inner, start)),
            Shape::Union(inner) if is_unnamed(field) => {
                let tag = self.tag_of(scope, (info, within), field)?;
                self.choices(scope, (inner, start), tag)
            }
            _ => {
                let tag = self.tag_of(scope, (info, within), field)?;
                self.named_field(scope, (info, start), field, tag)
            }
        }
    }

    fn named_field(
        &mut self,
        scope: &Scope<'_>,
        (info, start): (&'static TypeInfo, usize),
        field: FieldInfo,
        tag: Option<Tag>,
    ) -> Result<Vec<Op>, Error> {
        let path = scope.path(field.name);
        let at = At { what: scope.what, field: Some(field.name), path: &path };
        let Some(member) = scope.member(info.c_name(field.name)) else {
            self.missing(&at, field.shape, 8 * start, Some((scope.ours + start, field.shape.size())));
            return Ok(vec![]);
        };
        let ours = (scope.ours + start, field.shape);
        if member.bits.is_some() || !member.bit_offset.is_multiple_of(8) {
            self.compare_bits(&at, (8 * start, 8 * field.shape.size()), member)?;
            return match field.shape {
                shape if is_number(shape) => self.number(&at, ours, &Source::member(scope.theirs, member)),
                shape => Ok(self.refuse_type(&at, shape, member.ty, "it is a bitfield")),
            };
        }
        let found = index(member.bit_offset / 8);
        if found != start {
            let [expected, found] = [start, found].map(|byte| format!("at byte {byte}"));
            self.differ(&at, Rule::FieldOffset, expected, found, Handling::Converted);
        }
        self.value(&at, ours, (scope.theirs.saturating_add(found), member.ty), tag)
    }

    /// The bitfields that share a run of bytes.
    fn bit_run(
        &mut self,
        scope: &Scope<'_>,
        (info, within): (&'static TypeInfo, usize),
        (offset, len): (usize, usize),
    ) -> Result<Vec<Op>, Error> {
        let before = self.built.differences.len();
        let mut ops = vec![];
        for detail in info.details {
            if let Detail::Bits { name, place, shape } = detail
                && place.offset == offset
            {
                ops.append(&mut self.bitfield_of(scope, (info, within), (name, place, shape))?);
            }
        }
        // What does not differ at all lies at the same bits.
        if self.built.differences.len() == before {
            let start = within + offset;
            let theirs = scope.theirs.saturating_add(start);
            ops = vec![Op::Copy { theirs, ours: scope.ours + start, len }];
        }
        Ok(ops)
    }

    /// One bitfield.
    pub(super) fn bitfield_of(
        &mut self,
        scope: &Scope<'_>,
        (info, within): (&'static TypeInfo, usize),
        (name, place, shape): (&'static str, &Place, &'static Shape),
    ) -> Result<Vec<Op>, Error> {
        let path = scope.path(name);
        let at = At { what: scope.what, field: Some(name), path: &path };
        let (first, width) = place.bits.unwrap_or((0, 8 * shape.size() as u32));
        let start = 8 * (within + place.offset) + first;
        let Some(member) = scope.member(info.c_name(name)) else {
            self.missing(&at, shape, start, None);
            return Ok(vec![]);
        };
        self.compare_bits(&at, (start, width as usize), member)?;
        let place = Place { offset: scope.ours + within + place.offset, ..*place };
        self.bitfield(&at, (&place, shape), &Source::member(scope.theirs, member))
    }

    /// Compares first bit and width, of a field that is a bitfield on one side at least.
    fn compare_bits(&mut self, at: &At<'_>, (start, width): (usize, usize), member: &Member<'_>) -> Result<(), Error> {
        let found = index(member.bit_offset);
        if found != start {
            let [expected, found] = [start, found].map(|bit| format!("at bit {bit}"));
            self.differ(at, Rule::BitOffset, expected, found, Handling::Converted);
        }
        let found = match member.bits {
            Some(bits) => bits as usize,
            None => index(self.btf.size_of(member.ty)?).saturating_mul(8),
        };
        if found != width {
            let handling = if width < found { Handling::Narrowed } else { Handling::Converted };
            let [expected, found] = [width, found].map(|bits| super::counted(bits, "bit"));
            self.differ(at, Rule::BitWidth, expected, found, handling);
        }
        Ok(())
    }

    /// A field of ours that theirs does not have, which starts at this bit of the record.
    fn missing(&mut self, at: &At<'_>, shape: &Shape, bit: usize, bytes: Option<(usize, usize)>) {
        let expected = format!("{} at {}", text(shape), place(bit as u64));
        self.differ(at, Rule::MissingField, expected, String::from("missing"), Handling::Defaulted);
        let path = self.path(at.path);
        self.built.missing.push(Missing { path, bytes: bytes.filter(|_| self.owned) });
    }

    /// Fields of theirs that ours does not have.
    fn extra(&mut self, scope: &Scope<'_>, info: &'static TypeInfo) {
        let mut names = vec![];
        own_names(info, &mut names);
        let known = |found: &str| names.contains(&found);
        for member in scope.members.iter().filter(|member| !known(member.name) && !theirs::is_padding(member.name)) {
            let at = At { what: scope.what, field: Some(member.name), path: "" };
            let found = format!("{} at {}", theirs::text(self.btf, member.ty), place(member.bit_offset));
            self.differ(&at, Rule::ExtraField, String::from("no such field"), found, Handling::Ignored);
        }
    }
}

/// What C calls a record's fields, those of unnamed members among them.
fn own_names(info: &'static TypeInfo, names: &mut Vec<&'static str>) {
    for field in info.fields() {
        match field.shape {
            Shape::Record(inner) | Shape::Union(inner) if is_unnamed(field) => own_names(inner, names),
            Shape::Padding(_) | Shape::BitRun(_) => {}
            _ => names.push(info.c_name(field.name)),
        }
    }
    names.extend(info.details.iter().filter_map(|detail| match detail {
        Detail::Bits { name, .. } => Some(info.c_name(name)),
        _ => None,
    }));
}

/// Whether a field is an unnamed member, by the name that generated code gives it: `anon0`, which no spec may use.
fn is_unnamed(field: FieldInfo) -> bool {
    let number = field.name.strip_prefix("anon");
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_number(shape: &Shape) -> bool {
    match shape {
        Shape::Unsigned(_) | Shape::Signed(_) | Shape::BigEndian(_) | Shape::Bool => true,
        Shape::Ktime | Shape::Ptr | Shape::Enum(_) | Shape::Flags(_) => true,
        Shape::Ipv4 | Shape::Ipv6 | Shape::Mac | Shape::Str(_) | Shape::Variable(_) | Shape::Array(..) => false,
        Shape::Record(_) | Shape::Union(_) | Shape::Opaque(_) | Shape::Padding(_) | Shape::BitRun(_) => false,
    }
}

/// A place that may lie within a byte.
fn place(bit: u64) -> String {
    match bit % 8 {
        0 => format!("byte {}", bit / 8),
        rest => format!("byte {}, bit {rest}", bit / 8),
    }
}
