//! Two witnesses of one type, member by member: what the BTF of the generated header says, against what was found. Nothing of
//! the language's own rules is asked.

use std::collections::{BTreeMap, HashSet};

use bpf_layout_spec::compare::{
    Observed, ObservedEnum, ObservedMap, ObservedPart, ObservedRecord, ObservedType, Shape, Sign, is_padding_name,
};

/// How deep unnamed members may lie in one another, and types in one another.
const MAX_DEPTH: usize = 32;

/// Members that are looked at of one record, those of unnamed ones among them.
const MAX_MEMBERS: usize = 1 << 16;

/// Both sides.
pub(crate) struct Contrast<'c, 'a, 'b> {
    /// What was found.
    pub(crate) found: &'c Observed<'a>,
    /// What was compiled.
    pub(crate) made: &'c Observed<'b>,
    /// Whether a type that was found is only as large in the spec, and nothing more.
    pub(crate) is_opaque: &'c dyn Fn(usize) -> bool,
}

/// A member in its place in the record that has a name.
struct Flat<'c> {
    name: &'c str,
    bit_offset: u64,
    bit_size: u64,
    bitfield: bool,
    shape: &'c Shape,
}

impl Contrast<'_, '_, '_> {
    /// How a type that was made is otherwise than the one that was found, in sentences.
    pub(crate) fn types(&self, found: usize, made: usize) -> Vec<String> {
        match (self.found.types.get(found), self.made.types.get(made)) {
            (Some(ObservedType::Record(_)), Some(ObservedType::Record(_))) => self.records(found, made),
            (Some(ObservedType::Enum(found)), Some(ObservedType::Enum(made))) => enums(found, made),
            _ => vec!["is a type of another kind".to_owned()],
        }
    }

    fn records(&self, found: usize, made: usize) -> Vec<String> {
        let (Some(ObservedType::Record(one)), Some(ObservedType::Record(other))) =
            (self.found.types.get(found), self.made.types.get(made))
        else {
            return vec!["is a type of another kind".to_owned()];
        };
        let mut differences = Vec::new();
        if one.union != other.union {
            differences.push(format!("is a {}, and was a {}", word(other), word(one)));
        }
        if one.size != other.size {
            differences.push(format!("has {} bytes, and had {}", other.size, one.size));
        }
        let (ours, theirs) = (flat(self.found, found), flat(self.made, made));
        let by_name: BTreeMap<&str, &Flat<'_>> = theirs.iter().map(|member| (member.name, member)).collect();
        for member in ours.iter().filter(|member| !is_padding_name(member.name) && member.bit_size > 0) {
            match by_name.get(member.name) {
                None => differences.push(format!("`{}` is missing", member.name)),
                Some(made) => differences.extend(self.members(member, made)),
            }
        }
        let known: HashSet<&str> = ours.iter().map(|member| member.name).collect();
        let extra = theirs.iter().filter(|member| !is_padding_name(member.name) && !known.contains(member.name));
        differences.extend(extra.map(|member| format!("`{}` was not there", member.name)));
        differences
    }

    fn members(&self, found: &Flat<'_>, made: &Flat<'_>) -> Option<String> {
        let place = |member: &Flat<'_>| (member.bit_offset, member.bit_size, member.bitfield);
        if place(found) != place(made) {
            return Some(format!("`{}` lies at {}, and lay at {}", found.name, placed(made), placed(found)));
        }
        let shapes =
            if found.bitfield { same_sign(found.shape, made.shape) } else { self.same(found.shape, made.shape) };
        (!shapes).then(|| format!("`{}` has another type", found.name))
    }

    /// Whether bytes of the one mean the same as bytes of the other.
    fn same(&self, found: &Shape, made: &Shape) -> bool {
        self.same_within(found, made, MAX_DEPTH)
    }

    fn same_within(&self, found: &Shape, made: &Shape, depth: usize) -> bool {
        if depth == 0 {
            return false;
        }
        match (found, made) {
            (Shape::Array(one, len), Shape::Array(other, other_len)) => {
                let bytes = matches!(
                    (&**one, &**other),
                    (Shape::Int { size: 1, bool: false, .. }, Shape::Int { size: 1, bool: false, .. })
                );
                len == other_len && (bytes || self.same_within(one, other, depth - 1))
            }
            (
                Shape::Int { size, sign, bool, big_endian },
                Shape::Int { size: other, sign: other_sign, bool: other_bool, big_endian: other_endian },
            ) => {
                let signs = sign == other_sign || [sign, other_sign].contains(&&Sign::Unknown);
                size == other && signs && bool == other_bool && big_endian == other_endian
            }
            (Shape::Pointer(size), Shape::Pointer(other)) => size == other,
            // A kernel address is an integer to userspace.
            (Shape::Pointer(size), Shape::Int { size: other, bool: false, .. }) => size == other,
            (Shape::Def(one), _) => self.same_defined(*one, made, depth),
            _ => false,
        }
    }

    fn same_defined(&self, found: usize, made: &Shape, depth: usize) -> bool {
        let Some(ty) = self.found.types.get(found) else { return false };
        match (ty, made) {
            // Enums of few bytes, and those of the kernel, are declared as integers.
            (ObservedType::Enum(def), Shape::Int { size, bool: false, .. }) => def.size == *size,
            (ObservedType::Enum(def), Shape::Def(other)) => match self.made.types.get(*other) {
                Some(ObservedType::Enum(other)) => {
                    def.size == other.size && def.name == other.name || def.name.is_empty()
                }
                _ => false,
            },
            (ObservedType::Record(record), Shape::Def(other)) => {
                if (self.is_opaque)(found) {
                    return self.made.size_of(made) == Some(record.size);
                }
                match self.made.types.get(*other) {
                    // One of the same name is compared by itself.
                    Some(ObservedType::Record(made)) if made.name == record.name && made.size == record.size => true,
                    Some(ObservedType::Record(_)) => depth > 1 && self.records(found, *other).is_empty(),
                    _ => false,
                }
            }
            // Targets without integers of 128 bits, and bytes that stand for what has no other name.
            (ObservedType::Record(record), _) => {
                (self.is_opaque)(found) && self.made.size_of(made) == Some(record.size)
            }
            _ => false,
        }
    }

    /// How a map that was made is otherwise than the one that was found, in sentences.
    pub(crate) fn maps(&self, found: &ObservedMap<'_>, made: &ObservedMap<'_>) -> Vec<String> {
        let mut differences = Vec::new();
        let number = |value: Option<u64>| value.unwrap_or(0);
        for (what, one, other) in [
            ("type", found.kind, made.kind),
            ("max_entries", found.max_entries, made.max_entries),
            ("flags", found.flags, made.flags),
            ("numa_node", found.numa_node, made.numa_node),
        ] {
            if number(one) != number(other) {
                differences.push(format!("{what} is {}, and was {}", number(other), number(one)));
            }
        }
        let known = !found.map_extra_unknown && !made.map_extra_unknown;
        if known && number(found.map_extra) != number(made.map_extra) {
            differences.push(format!("map_extra is {}, and was {}", number(made.map_extra), number(found.map_extra)));
        }
        if found.pinned_by_name.is_some() && found.pinned_by_name != made.pinned_by_name {
            differences.push("is pinned by its name on one side only".to_owned());
        }
        for (what, one, other) in [("key", &found.key, &made.key), ("value", &found.value, &made.value)] {
            differences.extend(self.parts(what, one.as_ref(), other.as_ref()));
        }
        match (&found.inner, &made.inner) {
            (Some(one), Some(other)) => {
                differences.extend(self.maps(one, other).into_iter().map(|text| format!("what it holds: {text}")));
            }
            (None, None) => {}
            _ => differences.push("holds maps on one side only".to_owned()),
        }
        differences
    }

    fn parts(&self, what: &str, found: Option<&ObservedPart>, made: Option<&ObservedPart>) -> Option<String> {
        let given = |part: Option<&ObservedPart>| part.and_then(|part| part.size).filter(|size| *size > 0);
        match (given(found), given(made)) {
            (one, other) if one == other => {}
            // libbpf and the kernel know the only size that it can have.
            (None, Some(4)) => return None,
            (one, other) => {
                return Some(format!("{what} has {} bytes, and had {}", other.unwrap_or(0), one.unwrap_or(0)));
            }
        }
        let shapes = (found.and_then(|part| part.shape.as_ref()), made.and_then(|part| part.shape.as_ref()));
        match shapes {
            (Some(one), Some(other)) if !self.same(one, other) => Some(format!("{what} has another type")),
            _ => None,
        }
    }
}

fn word(record: &ObservedRecord<'_>) -> &'static str {
    if record.union { "union" } else { "struct" }
}

fn placed(member: &Flat<'_>) -> String {
    let (offset, size) = (member.bit_offset, member.bit_size);
    if offset % 8 == 0 && size % 8 == 0 && !member.bitfield {
        format!("byte {}, {} bytes", offset / 8, size / 8)
    } else {
        format!("byte {}, bit {}, {size} bits", offset / 8, offset % 8)
    }
}

/// Bitfields may be declared with types of several widths, and enums with their integers.
fn same_sign(found: &Shape, made: &Shape) -> bool {
    match (found, made) {
        (Shape::Int { sign, bool, .. }, Shape::Int { sign: other, bool: other_bool, .. }) => {
            bool == other_bool && (sign == other || [sign, other].contains(&&Sign::Unknown))
        }
        (Shape::Def(_), Shape::Int { .. } | Shape::Def(_)) => true,
        _ => false,
    }
}

/// Members with those of unnamed ones in their place.
fn flat<'c>(observed: &'c Observed<'_>, index: usize) -> Vec<Flat<'c>> {
    let mut members = Vec::new();
    let mut waiting = vec![(index, 0u64, MAX_DEPTH)];
    while let Some((index, base, depth)) = waiting.pop() {
        let Some(ObservedType::Record(record)) = observed.types.get(index) else { continue };
        for member in &record.members {
            if members.len() >= MAX_MEMBERS {
                return members;
            }
            let bit_offset = base.saturating_add(member.bit_offset);
            match &member.shape {
                Shape::Def(inner) if member.name.is_empty() && depth > 0 => {
                    waiting.push((*inner, bit_offset, depth - 1))
                }
                shape => members.push(Flat {
                    name: member.name,
                    bit_offset,
                    bit_size: member.bit_size,
                    bitfield: member.bitfield,
                    shape,
                }),
            }
        }
    }
    members
}

fn enums(found: &ObservedEnum<'_>, made: &ObservedEnum<'_>) -> Vec<String> {
    let mut differences = Vec::new();
    let (Some(ours), Some(theirs)) = (&found.values, &made.values) else { return differences };
    let mask = if found.size >= 8 { u64::MAX } else { (1 << (found.size * 8)) - 1 };
    let bits = |value: i128| value as u64 & mask;
    let made: BTreeMap<&str, i128> = theirs.iter().copied().collect();
    for (name, value) in ours {
        match made.get(name) {
            Some(other) if bits(*other) == bits(*value) => {}
            Some(other) => differences.push(format!("`{name}` is {other}, and was {value}")),
            None => differences.push(format!("`{name}` is missing")),
        }
    }
    let known: HashSet<&str> = ours.iter().map(|(name, _)| *name).collect();
    let extra = theirs.iter().filter(|(name, _)| !known.contains(name));
    differences.extend(extra.map(|(name, _)| format!("`{name}` was not there")));
    differences
}
