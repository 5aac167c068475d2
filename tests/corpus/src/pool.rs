//! From facts to what an importer finds.

use std::borrow::Cow;

use bpf_layout_import::{Found, MapHint, MemberHint, Spelling, TypeHint};
use bpf_layout_spec::{
    compare::{
        Observed, ObservedEnum, ObservedMap, ObservedMember, ObservedPart, ObservedRecord, ObservedType, Shape, Sign,
    },
    kernel::{KptrKind, MAP_KINDS},
};

use crate::{
    facts::{Map, Member, MemberType, Record},
    unit::{Unit, base},
};

/// Names of scalars in C: bytes, and whether it is signed.
const SCALARS: &[(&[&str], u64, Sign)] = &[
    (&["u8", "__u8", "uint8_t", "unsigned char"], 1, Sign::Unsigned),
    (&["char", "s8", "__s8", "int8_t", "signed char"], 1, Sign::Signed),
    (&["u16", "__u16", "uint16_t", "unsigned short", "umode_t", "__kernel_sa_family_t"], 2, Sign::Unsigned),
    (&["short", "s16", "__s16", "int16_t"], 2, Sign::Signed),
    (&["u32", "__u32", "uint32_t", "unsigned int", "uid_t", "gid_t"], 4, Sign::Unsigned),
    (&["int", "s32", "__s32", "int32_t", "pid_t"], 4, Sign::Signed),
    (
        &[
            "u64",
            "__u64",
            "uint64_t",
            "unsigned long",
            "unsigned long long",
            "size_t",
            "uintptr_t",
            "ino_t",
            "symbol_id_t",
        ],
        8,
        Sign::Unsigned,
    ),
    (&["long", "long long", "s64", "__s64", "int64_t", "loff_t", "ssize_t"], 8, Sign::Signed),
    (&["unsigned __int128"], 16, Sign::Unsigned),
    (&["__int128"], 16, Sign::Signed),
];

impl Unit {
    /// Everything that this unit has, as an importer finds it.
    #[must_use]
    pub fn found(&self) -> Found<'_> {
        let mut pool = Pool { unit: self, types: Vec::new(), hints: Vec::new() };
        // Records keep their index; enums follow them, and then what has no name.
        for record in &self.records {
            pool.types.push(ObservedType::Record(blank(record, "")));
            pool.hints.push(TypeHint { align: record.align, foreign: record.foreign, ..TypeHint::default() });
        }
        for (name, value) in &self.enums {
            let values = Some(vec![(value.as_str(), 0)]);
            let def = ObservedEnum { name, size: 4, sign: Sign::Unsigned, values, place: String::new() };
            pool.types.push(ObservedType::Enum(def));
            pool.hints.push(TypeHint::default());
        }
        for (index, record) in self.records.iter().enumerate() {
            let (observed, hints) = pool.record(record, &record.name);
            pool.types[index] = ObservedType::Record(observed);
            pool.hints[index].members = hints;
        }
        let maps = self.maps.iter().map(|map| pool.map(map)).collect();
        let hints = self.maps.iter().map(|map| pool.map_hint(map)).collect();
        let observed = Observed { witness: self.name.clone(), types: pool.types, by_gcc: false, maps };
        Found { observed, types: pool.hints, maps: hints, roots: self.roots.clone(), ..Found::default() }
    }
}

fn blank<'u>(record: &Record, name: &'u str) -> ObservedRecord<'u> {
    ObservedRecord {
        name,
        alias: false,
        union: record.union,
        size: record.size,
        members: Vec::new(),
        place: String::new(),
    }
}

struct Pool<'u> {
    unit: &'u Unit,
    types: Vec<ObservedType<'u>>,
    hints: Vec<TypeHint<'u>>,
}

impl<'u> Pool<'u> {
    fn record(&mut self, record: &'u Record, name: &'u str) -> (ObservedRecord<'u>, Vec<MemberHint<'u>>) {
        let mut members = Vec::new();
        let mut hints = Vec::new();
        for member in &record.members {
            let (member, spelling) = self.member(member);
            members.push(member);
            hints.push(MemberHint { spelling, ..MemberHint::default() });
        }
        let alias = self.unit.typedefs.contains(name);
        (ObservedRecord { alias, members, ..blank(record, name) }, hints)
    }

    fn member(&mut self, member: &'u Member) -> (ObservedMember<'u>, Spelling<'u>) {
        let (shape, spelling) = match &member.ty {
            MemberType::Inline(inner) => {
                let (record, hints) = self.record(inner, "");
                self.types.push(ObservedType::Record(record));
                self.hints.push(TypeHint { members: hints, ..TypeHint::default() });
                (Shape::Def(self.types.len() - 1), Spelling::default())
            }
            MemberType::Text(text) => {
                let shape = self.shape(text).unwrap_or_else(|| panic!("{text} is no type that is known"));
                (shape, spelling(text))
            }
        };
        let (bit_offset, bit_size) = (member.at, member.bits);
        (ObservedMember { name: &member.name, bit_offset, bit_size, bitfield: member.bitfield, shape }, spelling)
    }

    /// A type of C; `None` if it is not known.
    fn shape(&self, text: &str) -> Option<Shape> {
        let base = base(text);
        let inner =
            if text.contains('*') { Shape::Pointer(8) } else { scalar(base).or_else(|| self.definition(base))? };
        let lengths = text.split('[').skip(1).filter_map(|part| part.split(']').next());
        let lengths: Vec<u64> = lengths.map(|length| length.parse().unwrap_or(0)).collect();
        Some(lengths.into_iter().rev().fold(inner, |element, length| Shape::Array(Box::new(element), length)))
    }

    fn definition(&self, base: &str) -> Option<Shape> {
        if let Some(name) = base.strip_prefix("enum ") {
            let place = self.unit.enums.iter().position(|(own, _)| own == name)?;
            return Some(Shape::Def(self.unit.records.len() + place));
        }
        self.unit.meant(base).map(Shape::Def)
    }

    fn map(&self, map: &'u Map) -> ObservedMap<'u> {
        let kind = MAP_KINDS.iter().find(|kind| kind.name == map.kind);
        let kind = kind.unwrap_or_else(|| panic!("{} is no type of maps", map.kind));
        // What such maps hold is not among the facts.
        let inner = kind.map_in_map.then(|| {
            let four = || Some(ObservedPart { size: Some(4), shape: Some(int(4, Sign::Unsigned, false)) });
            let array = ObservedMap { kind: Some(2), max_entries: Some(1), ..ObservedMap::default() };
            Box::new(ObservedMap { name: "inner", key: four(), value: four(), ..array })
        });
        let value = self.part(map.value.as_deref(), map.value_size);
        ObservedMap {
            name: &map.name,
            kind: Some(kind.id.into()),
            key: self.part(map.key.as_deref(), map.key_size),
            value: if inner.is_some() { None } else { value },
            max_entries: map.max_entries,
            flags: Some(map.flags),
            pinned_by_name: Some(false),
            inner,
            ..ObservedMap::default()
        }
    }

    /// A key or value: its type counts where C names it, or where it has the size that C gives.
    fn part(&self, text: Option<&str>, size: u64) -> Option<ObservedPart> {
        let shape = text.and_then(|text| self.shape(text));
        let own = shape.as_ref().and_then(|shape| self.size_of(shape));
        match (own, size) {
            (None | Some(0), 0) => None,
            (Some(own), 0) => Some(ObservedPart { size: Some(own), shape }),
            (own, size) => Some(ObservedPart { size: Some(size), shape: shape.filter(|_| own == Some(size)) }),
        }
    }

    fn size_of(&self, shape: &Shape) -> Option<u64> {
        match shape {
            Shape::Array(element, len) => self.size_of(element)?.checked_mul(*len),
            Shape::Int { size, .. } | Shape::Float(size) | Shape::Pointer(size) => Some(*size),
            Shape::Def(index) => match self.types.get(*index)? {
                ObservedType::Record(record) => Some(record.size),
                ObservedType::Enum(def) => Some(def.size),
            },
            Shape::Other(_) => None,
        }
    }

    fn map_hint(&self, map: &'u Map) -> MapHint<'u> {
        let of = |text: &'u Option<String>| text.as_deref().map(spelling).unwrap_or_default();
        MapHint { key: of(&map.key), value: of(&map.value), ..MapHint::default() }
    }
}

/// A scalar by its name in C.
pub(crate) fn scalar(base: &str) -> Option<Shape> {
    if let Some(bits) = base.strip_prefix("__be") {
        return Some(int(bits.parse::<u64>().ok()? / 8, Sign::Unsigned, true));
    }
    if matches!(base, "bool" | "_Bool") {
        return Some(Shape::Int { size: 1, sign: Sign::Unsigned, bool: true, big_endian: false });
    }
    let (_, size, sign) = SCALARS.iter().find(|(names, ..)| names.contains(&base))?;
    Some(int(*size, *sign, false))
}

const fn int(size: u64, sign: Sign, big_endian: bool) -> Shape {
    Shape::Int { size, sign, bool: false, big_endian }
}

fn spelling(text: &str) -> Spelling<'_> {
    let inner = text.strip_prefix("typeof(").and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    let pointee = inner.split(['*', '[']).next().filter(|_| inner.contains('*')).map(|to| {
        let to = to.split("__attribute__").next().unwrap_or(to).trim();
        Cow::Borrowed(to)
    });
    let kptr = text.contains("btf_type_tag(\"kptr\")").then_some(KptrKind::Referenced);
    Spelling { char: base(text) == "char" && pointee.is_none(), pointee, kptr, lengths: Vec::new() }
}
