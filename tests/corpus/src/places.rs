//! Where every field lies, as the facts have it and as BTF has it, to be held against one another.

use std::collections::BTreeMap;

use bpf_layout_btf::{Btf, Kind, Type, TypeId};
use bpf_layout_spec::kernel::KernelField;

use crate::{
    facts::{Member, MemberType, Record},
    unit::{Unit, base},
};

/// Where something lies in a record: first bit and number of bits.
pub type Place = (u64, u64);

/// By the path of its names in C, `sample.stack.ulen`; `args[].reg_off` stands for the first element of an array.
type Places = BTreeMap<String, Place>;

/// How deep records may lie in one another.
const MAX_DEPTH: usize = 32;

/// Every member of a record of a unit, through everything that it is made of. What the kernel and system define is one
/// thing.
#[must_use]
pub fn of_facts(unit: &Unit, record: &Record) -> Places {
    let mut places = Places::new();
    add_facts(unit, record, "", 0, &mut places);
    places
}

fn add_facts(unit: &Unit, record: &Record, path: &str, base_bit: u64, places: &mut Places) {
    for member in &record.members {
        let at = base_bit + member.at;
        match &member.ty {
            MemberType::Inline(inner) if member.name.is_empty() => add_facts(unit, inner, path, at, places),
            MemberType::Inline(inner) => {
                places.insert(format!("{path}{}", member.name), (at, member.bits));
                add_facts(unit, inner, &format!("{path}{}.", member.name), at, places);
            }
            MemberType::Text(text) => {
                places.insert(format!("{path}{}", member.name), (at, member.bits));
                if let Some(inner) = named(unit, text) {
                    let dimensions = text.matches('[').count();
                    let name = format!("{}{}", member.name, "[]".repeat(dimensions));
                    add_facts(unit, inner, &format!("{path}{name}."), at, places);
                }
            }
        }
    }
}

/// The record of the project that a type is made of.
fn named<'u>(unit: &'u Unit, text: &str) -> Option<&'u Record> {
    let record = &unit.records[unit.meant(base(text)).filter(|_| !text.contains('*'))?];
    (!record.foreign && KernelField::from_name(&record.name).is_none()).then_some(record)
}

/// Every member of a record in BTF. `opaque` says which records are one thing.
#[must_use]
pub fn of_btf(btf: &Btf<'_>, ty: TypeId, opaque: &dyn Fn(&str) -> bool) -> Places {
    let mut places = Places::new();
    if let Some(ty) = btf.get(ty) {
        add_btf(btf, &ty, "", (0, 0), opaque, &mut places);
    }
    places
}

fn add_btf(
    btf: &Btf<'_>,
    record: &Type<'_>,
    path: &str,
    (base_bit, depth): (u64, usize),
    opaque: &dyn Fn(&str) -> bool,
    places: &mut Places,
) {
    assert!(depth < MAX_DEPTH, "{path} has no end");
    for member in record.members() {
        let at = base_bit + u64::from(member.bit_offset);
        let (mut ty, mut brackets) = (member.ty, String::new());
        let inner = loop {
            let Ok(behind) = btf.resolve(ty) else { break None };
            match behind.array() {
                Some(array) => (ty, brackets) = (array.element, brackets + "[]"),
                None => break Some(behind),
            }
        };
        let bits = match member.bit_size {
            0 => btf.size_of(member.ty).unwrap_or(0) * 8,
            bits => bits.into(),
        };
        if !member.name.is_empty() {
            places.insert(format!("{path}{}", member.name), (at, bits));
        }
        let inner = inner.filter(|inner| matches!(inner.kind(), Kind::Struct | Kind::Union) && !opaque(inner.name()));
        if let Some(inner) = inner {
            let dot = if member.name.is_empty() { "" } else { "." };
            let path = format!("{path}{}{brackets}{dot}", member.name);
            add_btf(btf, &inner, &path, (at, depth + 1), opaque, places);
        }
    }
}

impl Member {
    /// Whether a member only fills a hole, by its name.
    #[must_use]
    pub fn is_padding(&self) -> bool {
        bpf_layout_spec::compare::is_padding_name(&self.name) && !self.name.is_empty()
    }
}
