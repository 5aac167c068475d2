//! Records as debugging information describes them, whatever its format, and what it so says of a spec.

use std::collections::HashMap;

use bpf_layout_spec::{
    layout::{Layouts, Member as Placed},
    model::{Type, TypeDef, TypeId},
};

use crate::{
    expected,
    facts::{Fact, Facts, What},
    naive,
    source::View,
};

/// What debugging information knows.
pub const KNOWS: &[What] = &[What::Size, What::BitOffset, What::BitSize, What::BitfieldOffset, What::BitfieldSize];

/// What is known of members and not of bitfields.
pub const KNOWS_WITHOUT_BITS: &[What] = &[What::Size, What::BitOffset, What::BitSize];

/// What [`pahole`](crate::pahole) knows: of a union it does not print the size.
pub const PAHOLE_KNOWS: &[What] = &[What::BitOffset, What::BitSize, What::BitfieldOffset, What::BitfieldSize];

/// Structs and unions by their tags.
pub type Types = HashMap<String, Record>;

/// A struct or union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Bytes, where they are said.
    pub size: Option<u64>,
    /// In the order in which they are described.
    pub members: Vec<Member>,
}

/// A member of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// With a name; places in bits from the start of the record, bitfields in the order in which bits are allocated.
    Named {
        /// Its name.
        name: String,
        /// First bit.
        bit_offset: u64,
        /// Length in bits.
        bit_size: u64,
        /// Whether it is a bitfield.
        is_bitfield: bool,
    },
    /// Without one.
    Unnamed {
        /// First bit.
        bit_offset: u64,
        /// What it consists of.
        record: Record,
    },
}

/// What `types` say of a spec's records.
#[must_use]
pub fn facts(types: &Types, layouts: &Layouts, view: View) -> Facts {
    let mut facts = Facts::default();
    match view {
        View::Generated => {
            for (_, record) in expected::named_records(&layouts.model) {
                if let Some(found) = types.get(record.name.c.as_str()) {
                    state(found, &record.name.c, &mut facts);
                }
            }
        }
        View::Naive(dialect) => {
            for (name, id) in naive::expressible(layouts, dialect) {
                if let Some(found) = types.get(&naive::tag(id)) {
                    state_size(found, name, &mut facts);
                    Naive { types, layouts, name }.state(id, 0, &mut facts);
                }
            }
        }
    }
    facts
}

/// Without bitfields that are as wide as their type: clang's DWARF did not tell them from other members before clang 16,
/// and put those that begin within a byte at its start.
#[must_use]
pub fn without_wide_bitfields(facts: &Facts, ours: &Facts) -> Facts {
    let mut kept = Facts::default();
    for (fact, value) in facts.iter() {
        let as_bitfield = match fact.what {
            What::BitOffset => What::BitfieldOffset,
            What::BitSize => What::BitfieldSize,
            what => what,
        };
        if as_bitfield == fact.what || ours.get(&Fact { what: as_bitfield, ..fact.clone() }).is_none() {
            kept.state(&fact.ty, &fact.member, fact.what, value);
        }
    }
    kept
}

/// States all of a record as `ty`'s.
pub fn state(record: &Record, ty: &str, facts: &mut Facts) {
    state_size(record, ty, facts);
    state_members(record, ty, 0, facts);
}

fn state_size(record: &Record, ty: &str, facts: &mut Facts) {
    if let Some(size) = record.size {
        facts.state(ty, "", What::Size, size);
    }
}

/// States the members of a record, and those of its unnamed members, as `ty`'s.
fn state_members(record: &Record, ty: &str, base: u64, facts: &mut Facts) {
    for member in &record.members {
        match member {
            Member::Named { name, bit_offset, bit_size, is_bitfield: true } => {
                facts.place_bitfield(ty, name, base + bit_offset, *bit_size);
            }
            Member::Named { name, bit_offset, bit_size, .. } => facts.place(ty, name, base + bit_offset, *bit_size),
            Member::Unnamed { bit_offset, record } => state_members(record, ty, base + bit_offset, facts),
        }
    }
}

/// The members of one record of the naive header, by the names that they have in the spec.
struct Naive<'a> {
    types: &'a Types,
    layouts: &'a Layouts,
    name: &'a str,
}

impl Naive<'_> {
    fn state(&self, id: TypeId, base: u64, facts: &mut Facts) {
        let TypeDef::Record(record) = self.layouts.model.ty(id) else { return };
        let Some(found) = self.types.get(&naive::tag(id)) else { return };
        let named: HashMap<&str, &Member> = found
            .members
            .iter()
            .filter_map(|member| match member {
                Member::Named { name, .. } => Some((name.as_str(), member)),
                Member::Unnamed { .. } => None,
            })
            .collect();
        for field in fields(self.layouts.of(id).members.as_slice()) {
            let Some(&Member::Named { bit_offset, bit_size, is_bitfield, .. }) =
                named.get(naive::member(field).as_str()).copied()
            else {
                continue;
            };
            let name = &record.fields[field].name.c;
            match (&record.fields[field].ty, record.fields[field].anonymous) {
                (Type::Def(inner), true) => self.state(*inner, base + bit_offset, facts),
                _ if is_bitfield => facts.place_bitfield(self.name, name, base + bit_offset, bit_size),
                _ => facts.place(self.name, name, base + bit_offset, bit_size),
            }
        }
    }
}

/// The fields that are there, bitfields too.
fn fields(members: &[Placed]) -> impl Iterator<Item = usize> {
    members.iter().flat_map(|member| match member {
        Placed::Field { field, .. } => vec![*field],
        Placed::Bits(run) => run.bits.iter().filter_map(|bits| bits.field).collect(),
        Placed::Padding { .. } => Vec::new(),
    })
}
