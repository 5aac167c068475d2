//! From our table and their BTF to steps, field by field and by name, with every difference on the way.

mod number;
mod record;
mod union;

use std::{format, string::String, vec, vec::Vec};

use bpf_layout_btf::{Btf, Error, TypeId};

use self::{number::Source, union::Tag};
use super::{
    number::Slot,
    op::{self, Op, merge},
    rule::{Difference, Handling, Rule},
    theirs::{self, Theirs, look},
};
use crate::shape::Shape;

/// What comparing two layouts came to.
#[derive(Debug, Default)]
pub(super) struct Built {
    pub(super) ops: Vec<Op>,
    pub(super) differences: Vec<Difference>,
    /// Fields that steps refer to by number, and missing ones, by their path: `ends.x`.
    pub(super) paths: Vec<String>,
    /// Fields of ours that theirs does not have.
    pub(super) missing: Vec<Missing>,
    /// Where theirs has the tag of an event, and what it is there.
    pub(super) tag: Option<op::Number>,
}

/// A field of ours that theirs does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) path: usize,
    /// Its bytes, where they are its own: neither in a union, nor a bitfield, nor in an array.
    pub(super) bytes: Option<(usize, usize)>,
}

/// Compares one type of ours with one of theirs.
pub(super) fn build(btf: &Btf<'_>, shape: &'static Shape, id: TypeId) -> Result<Built, Error> {
    let mut builder = Builder { btf, built: Built::default(), owned: true };
    let at = At { what: shape.name(), field: None, path: "" };
    let mut ops = builder.value(&at, (0, shape), (0, id), None)?;
    ops.extend(builder.event_tag(shape, id)?);
    let mut built = builder.built;
    built.ops = merge(ops);
    built.differences = distinct(built.differences);
    Ok(built)
}

/// Each difference once, although a type is compared wherever it is used. What is refused anywhere is refused.
fn distinct(differences: Vec<Difference>) -> Vec<Difference> {
    let mut distinct: Vec<Difference> = Vec::new();
    for difference in differences {
        let same = |known: &&mut Difference| Difference { handling: known.handling, ..difference.clone() } == **known;
        match distinct.iter_mut().find(same) {
            Some(known) if matches!(known.handling, Handling::Refused(_)) => {}
            Some(known) => known.handling = difference.handling,
            None => distinct.push(difference),
        }
    }
    distinct
}

/// What C has in place of a field of variable length.
const DESCRIPTOR: &str = "bpf_layout_tail";

struct Builder<'b, 'a> {
    btf: &'b Btf<'a>,
    built: Built,
    /// Whether the bytes that are being compared belong to one field alone.
    owned: bool,
}

/// What is being compared, for messages.
#[derive(Clone, Copy)]
struct At<'s> {
    /// The record, by its name in the spec.
    what: &'static str,
    /// The field; none for a type as a whole.
    field: Option<&'s str>,
    /// The field from the outermost record on.
    path: &'s str,
}

impl Builder<'_, '_> {
    /// The steps for a value at a byte of ours that lies at a byte of theirs.
    fn value(
        &mut self,
        at: &At<'_>,
        (ours, shape): (usize, &'static Shape),
        (theirs, id): (usize, TypeId),
        tag: Option<Tag>,
    ) -> Result<Vec<Op>, Error> {
        let before = self.built.differences.len();
        let ops = match shape {
            Shape::Padding(_) | Shape::BitRun(_) => return Ok(vec![]),
            Shape::Str(room) => self.text(at, (ours, *room), (theirs, id))?,
            Shape::Array(element, len) => self.array(at, (ours, element, *len), (theirs, id))?,
            Shape::Record(info) | Shape::Union(info) => self.record(at, (ours, info, shape), (theirs, id), tag)?,
            Shape::Opaque(size) => self.run(at, (ours, shape, *size), (theirs, id))?,
            Shape::Variable(_) => self.descriptor(at, (ours, shape), (theirs, id))?,
            Shape::Ipv6 | Shape::Mac => self.run(at, (ours, shape, shape.size()), (theirs, id))?,
            Shape::Ipv4 if !matches!(look(self.btf, id)?, Theirs::Number { .. }) => {
                self.run(at, (ours, shape, shape.size()), (theirs, id))?
            }
            Shape::Unsigned(_) | Shape::Signed(_) | Shape::BigEndian(_) | Shape::Bool => {
                self.number(at, (ours, shape), &Source::whole(theirs, id))?
            }
            Shape::Ktime | Shape::Ptr | Shape::Ipv4 | Shape::Enum(_) | Shape::Flags(_) => {
                self.number(at, (ours, shape), &Source::whole(theirs, id))?
            }
        };
        // What does not differ at all is one copy, padding included; what follows a struct is moved by its descriptors.
        let same = self.built.differences.len() == before && !has_tails(shape);
        Ok(if same { vec![Op::Copy { theirs, ours, len: shape.size() }] } else { ops })
    }

    /// Finds the tag of an event in theirs. If it is not there, the step that sets it.
    fn event_tag(&mut self, shape: &'static Shape, id: TypeId) -> Result<Option<Op>, Error> {
        let Shape::Record(info) = shape else { return Ok(None) };
        let Some((place, value)) = shape.event_tag() else { return Ok(None) };
        let field = info.fields().find(|field| field.offset == place.offset && field.shape.size() == place.size);
        if let (Some(field), Theirs::Record(record)) = (field, look(self.btf, id)?) {
            let members = theirs::members(self.btf, &record)?;
            if let Some(member) = theirs::named(&members, info.c_name(field.name)) {
                self.built.tag = self.tag((field.offset, field.shape), &Source::member(0, member))?;
            }
        }
        let is_there = self.built.tag.is_some();
        Ok((!is_there).then(|| Op::Fill { ours: Slot::of_place(&place), value }))
    }

    /// A field of variable length. How long it may be says the sender's program alone; where it lies, its descriptor.
    fn descriptor(
        &mut self,
        at: &At<'_>,
        (ours, shape): (usize, &'static Shape),
        (theirs, id): (usize, TypeId),
    ) -> Result<Vec<Op>, Error> {
        match look(self.btf, id)? {
            Theirs::Record(record) if record.name() == DESCRIPTOR => Ok(vec![Op::Tail { theirs, ours }]),
            _ => Ok(self.refuse_type(at, shape, id, "it is not of variable length")),
        }
    }

    /// A string: bytes, whether C calls them `char`, signed or unsigned.
    fn text(
        &mut self,
        at: &At<'_>,
        (ours, room): (usize, usize),
        (theirs, id): (usize, TypeId),
    ) -> Result<Vec<Op>, Error> {
        let len = match look(self.btf, id)? {
            Theirs::Array(element, len) if theirs::is_byte(self.btf, element)? => index(len),
            _ => return Ok(self.refuse_type(at, &Shape::Str(room), id, "text cannot be made of it")),
        };
        let handling = if len > room { Handling::Narrowed } else { Handling::Converted };
        self.length(at, room, len, handling);
        let field = self.path(at.path);
        Ok(vec![Op::Text { theirs, theirs_len: len, ours, ours_len: room, field }])
    }

    /// An array: as many elements as both have.
    fn array(
        &mut self,
        at: &At<'_>,
        (ours, element, len): (usize, &'static Shape, usize),
        (theirs, id): (usize, TypeId),
    ) -> Result<Vec<Op>, Error> {
        let Theirs::Array(found, found_len) = look(self.btf, id)? else {
            let text = format!("{}[{len}]", text(element));
            return Ok(self.refuse(at, Rule::FieldType, text, theirs::text(self.btf, id), "it is no array"));
        };
        let found_len = index(found_len);
        let (ours_step, theirs_step) = (element.size(), index(self.btf.size_of(found)?));
        let before = self.built.differences.len();
        let owned = std::mem::replace(&mut self.owned, false);
        // C has bytes of either sign, and means no number by them.
        let bytes = matches!(element, Shape::Unsigned(1)) && theirs::is_byte(self.btf, found)?;
        let ops = if bytes { vec![] } else { self.value(at, (0, element), (0, found), None)? };
        self.owned = owned;
        let same = self.built.differences.len() == before;
        let handling = if found_len > len { Handling::Narrowed } else { Handling::Converted };
        self.length(at, len, found_len, handling);
        let count = len.min(found_len);
        let mut steps = match same {
            true => vec![Op::Copy { theirs, ours, len: count * ours_step }],
            false => vec![Op::Repeat { theirs, ours, count, theirs_step, ours_step, ops: merge(ops) }],
        };
        if found_len > len {
            let start = theirs.saturating_add(count.saturating_mul(theirs_step));
            let rest = (found_len - count).saturating_mul(theirs_step);
            steps.push(Op::Dropped { theirs: start, len: rest, field: self.path(at.path) });
        }
        Ok(steps)
    }

    /// Bytes with a meaning of their own, whatever C declares them as: an address, or a type defined elsewhere.
    fn run(
        &mut self,
        at: &At<'_>,
        (ours, shape, size): (usize, &'static Shape, usize),
        (theirs, id): (usize, TypeId),
    ) -> Result<Vec<Op>, Error> {
        let reason = "only as many bytes can be one";
        let found = match (shape, look(self.btf, id)?) {
            (Shape::Opaque(_), _) => index(self.btf.size_of(id)?),
            (_, Theirs::Array(element, len)) if theirs::is_byte(self.btf, element)? => {
                let found = index(len);
                if found != size {
                    return Ok(self.refuse(at, Rule::ArrayLength, elements(size), elements(found), reason));
                }
                found
            }
            (Shape::Ipv6 | Shape::Mac, Theirs::Array(..) | Theirs::Record(_)) => index(self.btf.size_of(id)?),
            _ => return Ok(self.refuse_type(at, shape, id, "it is no run of bytes")),
        };
        if found != size {
            return Ok(self.refuse(at, Rule::FieldSize, bytes(size), bytes(found), reason));
        }
        Ok(vec![Op::Copy { theirs, ours, len: size }])
    }

    fn length(&mut self, at: &At<'_>, ours: usize, theirs: usize, handling: Handling) {
        if ours != theirs {
            self.differ(at, Rule::ArrayLength, elements(ours), elements(theirs), handling);
        }
    }

    fn differ(&mut self, at: &At<'_>, rule: Rule, expected: String, found: String, handling: Handling) {
        let field = at.field.map(String::from);
        self.built.differences.push(Difference { rule, what: at.what, field, found, expected, handling });
    }

    /// A difference that there is no reading over, and so no step.
    fn refuse(&mut self, at: &At<'_>, rule: Rule, expected: String, found: String, reason: &'static str) -> Vec<Op> {
        self.differ(at, rule, expected, found, Handling::Refused(reason));
        vec![]
    }

    fn refuse_type(&mut self, at: &At<'_>, shape: &Shape, id: TypeId, reason: &'static str) -> Vec<Op> {
        self.refuse(at, Rule::FieldType, text(shape), theirs::text(self.btf, id), reason)
    }

    /// The number of a path, for steps to refer to.
    fn path(&mut self, path: &str) -> usize {
        let known = self.built.paths.iter().position(|known| known == path);
        known.unwrap_or_else(|| {
            self.built.paths.push(path.into());
            self.built.paths.len() - 1
        })
    }
}

/// Whether bytes follow a type that it describes: a field of variable length, or an event that has some.
pub(super) fn has_tails(shape: &Shape) -> bool {
    match shape {
        Shape::Variable(_) => true,
        Shape::Record(info) => info.fields().any(|field| matches!(field.shape, Shape::Variable(_))),
        _ => false,
    }
}

/// Where in theirs the descriptors of fields of variable length are, those among them that ours does not have.
pub(super) fn tails(btf: &Btf<'_>, id: TypeId) -> Result<Vec<usize>, Error> {
    let Theirs::Record(record) = look(btf, id)? else { return Ok(vec![]) };
    let mut found = vec![];
    for member in theirs::members(btf, &record)? {
        if matches!(look(btf, member.ty)?, Theirs::Record(inner) if inner.name() == DESCRIPTOR) {
            found.push(index(member.bit_offset / 8));
        }
    }
    Ok(found)
}

/// A number of BTF as one of memory. What is beyond memory is beyond any bytes that come, and refused as such.
fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn bytes(count: usize) -> String {
    counted(count, "byte")
}

fn elements(count: usize) -> String {
    counted(count, "element")
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A type of ours, as the spec writes it.
fn text(shape: &Shape) -> String {
    match shape {
        Shape::Unsigned(size) => format!("u{}", 8 * size),
        Shape::Signed(size) => format!("i{}", 8 * size),
        Shape::BigEndian(size) => format!("be{}", 8 * size),
        Shape::Str(room) => format!("str[{room}]"),
        Shape::Array(..) => array_text(shape),
        Shape::Opaque(size) => format!("{} of a type of its own", bytes(*size)),
        other => other.name().into(),
    }
}

/// The innermost type, then the lengths from the outermost on, as in C.
fn array_text(shape: &Shape) -> String {
    let (mut element, mut lengths) = (shape, String::new());
    while let Shape::Array(inner, len) = element {
        lengths += &format!("[{len}]");
        element = inner;
    }
    text(element) + &lengths
}
