//! A unit's header as its project may have written it: no padding but what the project has, attributes where members lie
//! otherwise than the compiler would put them, pointers as pointers. The facts say where members lie, and the spec that is written
//! of them by which attributes.

use std::{collections::BTreeSet, fmt::Write as _};

use bpf_layout_spec::{
    compare::{Shape, Sign},
    kernel::{KERNEL_FIELDS, KernelField},
    layout::{Layouts, Member as Placed},
    model::{Field, Record as Spec, Type, TypeDef, TypeId},
};

use crate::{
    facts::{Member, MemberType, Record},
    foreign::{keyword, words},
    pool::scalar,
    unit::{Unit, base},
};

/// A header with every enum, struct and union of a unit, its own and those of others.
#[must_use]
pub fn header(unit: &Unit, layouts: &Layouts) -> String {
    let mut writer = Writer { unit, layouts, text: String::new(), done: BTreeSet::new() };
    for bits in ["16", "32", "64"] {
        let word = scalar(&format!("u{bits}")).map_or("", |shape| written(&shape));
        let _ = writeln!(writer.text, "typedef {word} __be{bits};");
    }
    for field in KERNEL_FIELDS {
        let (name, size, align) = (field.name, field.size, field.align);
        let _ = writeln!(writer.text, "struct {name} {{ char opaque[{size}]; }} __attribute__((aligned({align})));");
    }
    for (name, value) in &unit.enums {
        let _ = writeln!(writer.text, "enum {name} {{ {value} }};");
    }
    (0..unit.records.len()).for_each(|index| writer.define(index));
    writer.text
}

struct Writer<'u> {
    unit: &'u Unit,
    layouts: &'u Layouts,
    text: String,
    done: BTreeSet<usize>,
}

impl<'u> Writer<'u> {
    /// A record behind those that it is made of.
    fn define(&mut self, index: usize) {
        let record = &self.unit.records[index];
        if KernelField::from_name(&record.name).is_some() || !self.done.insert(index) {
            return;
        }
        let spec = self.layouts.model.records().find(|(_, spec)| spec.name.c == record.name);
        let body = self.body(record, spec);
        let (keyword, name) = (keyword(record), &record.name);
        let _ = writeln!(self.text, "{keyword} {name} {body};");
        if self.unit.typedefs.contains(name) {
            let _ = writeln!(self.text, "typedef {keyword} {name} {name};");
        }
    }

    /// Members, and the attributes of a record of the spec; one of others has none there.
    fn body(&mut self, record: &'u Record, spec: Option<(TypeId, &'u Spec)>) -> String {
        let mut text = "{\n".to_owned();
        let mut unnamed = 0;
        for member in &record.members {
            let field = spec.and_then(|(_, spec)| field(spec, member, &mut unnamed));
            let align = spec.zip(field).and_then(|((id, _), field)| self.raised(id, field));
            let align = align.map(|align| format!(" __attribute__((aligned({align})))")).unwrap_or_default();
            let _ = writeln!(text, "\t{}{align};", self.member(member, field));
        }
        text.push('}');
        if let Some((_, spec)) = spec {
            text += if spec.packed.is_some() { " __attribute__((packed))" } else { "" };
            let align = spec.align.map(|align| format!(" __attribute__((aligned({align})))"));
            text += align.as_deref().unwrap_or_default();
        }
        text
    }

    /// What a member must be aligned to so that it comes to lie where the spec has a fixed offset for it.
    fn raised(&self, id: TypeId, field: &Field) -> Option<u64> {
        let offset = field.offset?;
        let mut end = 0;
        for member in &self.layouts.of(id).members {
            match member {
                Placed::Field { offset: at, .. } if *at == offset => break,
                Placed::Field { offset, size, .. } => end = offset + size,
                Placed::Bits(run) => end = run.offset + run.len,
                Placed::Padding { .. } => {}
            }
        }
        let mut aligns = (1..=12).map(|power| 1u64 << power);
        aligns.find(|align| end.next_multiple_of(*align) == offset)
    }

    fn member(&mut self, member: &'u Member, field: Option<&'u Field>) -> String {
        let name = &member.name;
        match &member.ty {
            MemberType::Inline(inner) => {
                let spec = field.and_then(|field| record_of(self.layouts, &field.ty));
                format!("{} {} {name}", keyword(inner), self.body(inner, spec))
            }
            MemberType::Text(text) => {
                let dimensions = text.find('[').map_or("", |at| &text[at..]);
                let bits = if member.bitfield { format!(" : {}", member.bits) } else { String::new() };
                format!("{} {name}{dimensions}{bits}", self.element(text))
            }
        }
    }

    /// A type without its dimensions.
    fn element(&mut self, text: &str) -> String {
        let base = base(text);
        if text.contains('*') {
            return "void *".to_owned();
        }
        if base.starts_with("enum ") || base.starts_with("__be") || base == "char" {
            return base.to_owned();
        }
        match (scalar(base), self.unit.meant(base)) {
            (Some(shape), _) => written(&shape).to_owned(),
            (_, Some(index)) => {
                self.define(index);
                let record = &self.unit.records[index];
                format!("{} {}", keyword(record), record.name)
            }
            _ => panic!("{text} is no type that is known"),
        }
    }
}

/// The field of the spec that a member became.
fn field<'u>(spec: &'u Spec, member: &Member, unnamed: &mut usize) -> Option<&'u Field> {
    if !member.name.is_empty() {
        return spec.fields.iter().find(|field| field.name.c == member.name);
    }
    *unnamed += 1;
    spec.fields.iter().filter(|field| field.anonymous).nth(*unnamed - 1)
}

fn record_of<'u>(layouts: &'u Layouts, ty: &Type) -> Option<(TypeId, &'u Spec)> {
    let mut ty = ty;
    while let Type::Array(element, _) = ty {
        ty = element;
    }
    let Type::Def(id) = ty else { return None };
    match layouts.model.ty(*id) {
        TypeDef::Record(record) => Some((*id, record)),
        TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => None,
    }
}

fn written(shape: &Shape) -> &'static str {
    match shape {
        Shape::Int { bool: true, .. } => "_Bool",
        Shape::Int { size: 16, sign: Sign::Signed, .. } => "__int128",
        Shape::Int { size: 16, .. } => "unsigned __int128",
        Shape::Int { size, sign, .. } => words(*size, *sign),
        _ => panic!("{shape:?} is no integer"),
    }
}
