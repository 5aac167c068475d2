//! Which member holds which mark: the plan that the C and the Rust side of the graffiti test are both written from.
//!
//! A union shows one member at a time, so a record is marked in as many rounds as its widest union has members; each
//! round picks one member of every union.

use bpf_layout_spec::{
    layout::{Layouts, Member, TypeLayout},
    model::{Field, Model, Record, RecordKind, Type, TypeDef, TypeId},
    scalar::{Scalar, ScalarClass},
};

/// A field of a record in one round, or an unnamed member with what is marked in it.
pub(crate) enum Node<'a> {
    /// Marked as a whole, byte by byte.
    Bytes { field: &'a Field, number: u32 },
    /// Holds `value`, which fits its width.
    Bits { field: &'a Field, number: u32, value: i128 },
    /// An unnamed struct or union; one that lies unaligned is read and written as a whole.
    Unnamed { field: &'a Field, id: TypeId, unaligned: bool, nodes: Vec<Node<'a>> },
}

/// How many rounds a record needs.
pub(crate) fn rounds(model: &Model, record: &Record) -> usize {
    let alternatives = if record.kind == RecordKind::Union { present(record).count() } else { 1 };
    let inner = present(record).filter_map(|field| unnamed(model, field)).map(|(_, inner)| rounds(model, inner));
    inner.max().unwrap_or(1).max(alternatives)
}

/// What is marked in `record` in one round. Members are numbered in their order from 0.
pub(crate) fn plan<'a>(layouts: &'a Layouts, id: TypeId, record: &'a Record, round: usize) -> Vec<Node<'a>> {
    Planner { layouts, round, next: 0 }.nodes(id, record)
}

struct Planner<'a> {
    layouts: &'a Layouts,
    round: usize,
    next: u32,
}

impl<'a> Planner<'a> {
    fn nodes(&mut self, id: TypeId, record: &'a Record) -> Vec<Node<'a>> {
        // What is an array of no length has no byte to mark.
        let marked = |field: &Field| !field.omitted && !field.ty.is_open();
        let mut fields: Vec<usize> = (0..record.fields.len()).filter(|&index| marked(&record.fields[index])).collect();
        if record.kind == RecordKind::Union {
            fields = vec![fields[self.round % fields.len()]];
        }
        fields.into_iter().map(|index| self.node(id, record, index)).collect()
    }

    fn node(&mut self, parent: TypeId, record: &'a Record, index: usize) -> Node<'a> {
        let field = &record.fields[index];
        if let Some((id, inner)) = unnamed(&self.layouts.model, field) {
            let unaligned = is_unaligned(self.layouts.of(parent), index);
            return Node::Unnamed { field, id, unaligned, nodes: self.nodes(id, inner) };
        }
        let number = self.next;
        self.next += 1;
        match field.bits {
            Some(width) => {
                let value = bits_value(number, width, integer(&self.layouts.model, &field.ty));
                Node::Bits { field, number, value }
            }
            None => Node::Bytes { field, number },
        }
    }
}

/// Whether this field lies where its type alone could not.
fn is_unaligned(parent: &TypeLayout, index: usize) -> bool {
    parent.members.iter().any(|member| match member {
        Member::Field { field, offset, align, .. } => *field == index && parent.is_unaligned(*offset, *align),
        Member::Bits(_) | Member::Padding { .. } => false,
    })
}

fn present(record: &Record) -> impl Iterator<Item = &Field> {
    record.fields.iter().filter(|field| !field.omitted)
}

fn unnamed<'a>(model: &'a Model, field: &Field) -> Option<(TypeId, &'a Record)> {
    match (field.anonymous, &field.ty) {
        (true, Type::Def(id)) => match model.ty(*id) {
            TypeDef::Record(record) => Some((*id, record)),
            TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => None,
        },
        _ => None,
    }
}

/// The integer that a bitfield is declared with.
pub(crate) fn integer(model: &Model, ty: &Type) -> Scalar {
    match ty {
        Type::Scalar(scalar) => *scalar,
        Type::Def(id) => match model.ty(*id) {
            TypeDef::Enum(def) => def.repr,
            TypeDef::Flags(def) => def.repr,
            TypeDef::Record(_) | TypeDef::Extern(_) => panic!("records are no bitfields"),
        },
        other => panic!("{other:?} is no bitfield"),
    }
}

/// A value with an odd pattern that fills the bitfield; negative where its type is signed and its highest bit is set.
fn bits_value(number: u32, width: u32, unit: Scalar) -> i128 {
    let spread = (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let low = spread & (u64::MAX >> (64 - width));
    match unit.info().class {
        ScalarClass::Signed if low >> (width - 1) == 1 => i128::from(low) - (1i128 << width),
        _ => i128::from(low),
    }
}
