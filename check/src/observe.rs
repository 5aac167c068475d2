//! From BTF to what the comparer understands.

use std::collections::{BTreeMap, HashMap};

use bpf_layout_btf::{Btf, Error, Int, Kind, MapDef, MapExtra, Member, Object, OutputCall, Type, TypeId};
use bpf_layout_spec::{
    compare::{
        Observed, ObservedEnum, ObservedMap, ObservedMember, ObservedOutput, ObservedPart, ObservedRecord,
        ObservedType, Shape, Sign, SourceLine, flags_tag, room_name,
    },
    layout::Layouts,
    model::TypeDef,
};

/// libbpf's `LIBBPF_PIN_BY_NAME`.
const PIN_BY_NAME: u32 = 1;

/// What an object says of the types of the spec, and of all its maps. `witness` is what it is called in messages.
///
/// # Errors
/// If a map is not defined as libbpf reads it.
pub fn observe<'a>(layouts: &Layouts, witness: &str, object: &Object<'a>) -> Result<Observed<'a>, Error> {
    let maps = object.maps()?;
    let mut reader = Reader::new(object.btf());
    reader.spec(layouts);
    let maps = maps.iter().map(|map| reader.map(map)).collect();
    Ok(Observed { by_gcc: object.is_by_gcc(), ..reader.finish(witness, maps) })
}

/// What an object says of all its maps and of some types, spec or none.
#[derive(Debug)]
pub struct Seen<'a> {
    /// Its maps, those types, and all that they are made of.
    pub observed: Observed<'a>,
    /// The type in BTF of each of [`Observed::types`].
    pub ids: Vec<TypeId>,
    /// The index of each type that was asked for, as far as it is a struct, union or enum behind typedefs, qualifiers and
    /// arrays.
    pub wanted: Vec<Option<usize>>,
}

/// What an object says of all its maps and of these types. `witness` is what it is called in messages.
///
/// # Errors
/// If a map is not defined as libbpf reads it.
pub fn observe_types<'a>(witness: &str, object: &Object<'a>, wanted: &[TypeId]) -> Result<Seen<'a>, Error> {
    let maps = object.maps()?;
    let mut reader = Reader::new(object.btf());
    let maps = maps.iter().map(|map| reader.map(map)).collect();
    let wanted = wanted.iter().map(|ty| innermost(&reader.shape(*ty))).collect();
    let (observed, ids) = reader.finish_with_ids(witness, maps);
    Ok(Seen { observed: Observed { by_gcc: object.is_by_gcc(), ..observed }, ids, wanted })
}

fn innermost(shape: &Shape) -> Option<usize> {
    match shape {
        Shape::Array(element, _) => innermost(element),
        Shape::Def(index) => Some(*index),
        _ => None,
    }
}

/// The calls by which an object hands records to userspace, as far as it is known through which map.
///
/// # Errors
/// If sections of the object lie outside of it, or over one another.
pub fn observe_outputs<'a>(object: &Object<'a>) -> Result<Vec<ObservedOutput<'a>>, Error> {
    let calls = object.output_calls()?;
    Ok(calls.iter().filter_map(|call| Some(output(call, call.map?))).collect())
}

fn output<'a>(call: &OutputCall<'a>, map: &'a str) -> ObservedOutput<'a> {
    let OutputCall { helper, function, section, offset, .. } = call;
    let caller = if function.is_empty() { String::new() } else { format!(" in {function}()") };
    let source = call.line.map(|line| SourceLine {
        file: plain_path(line.file),
        line: line.line,
        column: line.column,
        text: line.text.to_owned(),
    });
    let place = format!("{helper}(){caller}, {section}+{offset:#x}");
    ObservedOutput { map, size: call.size.map(u64::from), always: call.always, source, place }
}

/// A path without the `.` in it that compilers leave of `-I.` and `-ffile-prefix-map`.
fn plain_path(path: &str) -> String {
    let path = path.replace("/./", "/");
    path.strip_prefix("./").map_or(path.clone(), str::to_owned)
}

/// What BTF says of the types of the spec, where it belongs to no object: that of a loaded program or map, say.
#[must_use]
pub fn observe_btf<'a>(layouts: &Layouts, witness: &str, btf: &Btf<'a>) -> Observed<'a> {
    let mut reader = Reader::new(btf);
    reader.spec(layouts);
    reader.finish(witness, Vec::new())
}

/// Reads types once each. Types that others are made of wait in a list, since nesting may be deeper than any stack.
pub(crate) struct Reader<'b, 'a> {
    btf: &'b Btf<'a>,
    index: HashMap<TypeId, usize>,
    waiting: Vec<(TypeId, &'a str)>,
    types: BTreeMap<usize, ObservedType<'a>>,
}

impl<'b, 'a> Reader<'b, 'a> {
    pub(crate) fn new(btf: &'b Btf<'a>) -> Self {
        Reader { btf, index: HashMap::new(), waiting: Vec::new(), types: BTreeMap::new() }
    }

    /// Reads everything that has the name of a type of the spec.
    pub(crate) fn spec(&mut self, layouts: &Layouts) {
        for def in &layouts.model.types {
            match def {
                TypeDef::Record(record) if record.anonymous => {}
                TypeDef::Record(record) => {
                    self.named(&record.name.c, &[Kind::Struct, Kind::Union]);
                    if record.is_compact() {
                        self.named(&room_name(record), &[Kind::Struct]);
                    }
                }
                TypeDef::Enum(def) => self.named(&def.name.c, &[Kind::Enum, Kind::Enum64]),
                TypeDef::Flags(def) => {
                    self.named(&flags_tag(def), &[Kind::Enum, Kind::Enum64]);
                    self.named(&def.name.c, &[Kind::Enum, Kind::Enum64]);
                }
                TypeDef::Extern(_) => {}
            }
        }
    }

    /// Reads types of this name, and unnamed ones that a typedef gives it to.
    fn named(&mut self, name: &str, kinds: &[Kind]) {
        for kind in kinds {
            for ty in self.btf.find_all(*kind, name).filter_map(|id| self.btf.get(id)) {
                self.def(&ty, ty.name());
            }
        }
        for alias in self.btf.find_all(Kind::Typedef, name).filter_map(|id| self.btf.get(id)) {
            if let Ok(ty) = self.btf.resolve(alias.id())
                && ty.name().is_empty()
                && kinds.contains(&ty.kind())
            {
                self.def(&ty, alias.name());
            }
        }
    }

    /// The index of a struct, union or enum, which waits to be read if it has not been.
    fn def(&mut self, ty: &Type<'a>, name: &'a str) -> usize {
        let next = self.index.len();
        *self.index.entry(ty.id()).or_insert_with(|| {
            self.waiting.push((ty.id(), name));
            next
        })
    }

    pub(crate) fn finish(self, witness: &str, maps: Vec<ObservedMap<'a>>) -> Observed<'a> {
        self.finish_with_ids(witness, maps).0
    }

    fn finish_with_ids(mut self, witness: &str, maps: Vec<ObservedMap<'a>>) -> (Observed<'a>, Vec<TypeId>) {
        while let Some((id, name)) = self.waiting.pop() {
            let Some(ty) = self.btf.get(id) else { continue };
            let read = match ty.kind() {
                Kind::Enum | Kind::Enum64 => ObservedType::Enum(enumeration(&ty, name)),
                _ => ObservedType::Record(self.record(&ty, name)),
            };
            if let Some(index) = self.index.get(&id) {
                self.types.insert(*index, read);
            }
        }
        // Each index was given out once, and each type that waited was read.
        let mut ids: Vec<(usize, TypeId)> = self.index.into_iter().map(|(id, index)| (index, id)).collect();
        ids.sort_unstable();
        let types = self.types.into_values().collect();
        let observed = Observed { witness: witness.to_owned(), types, by_gcc: false, maps };
        (observed, ids.into_iter().map(|(_, id)| id).collect())
    }

    fn record(&mut self, ty: &Type<'a>, name: &'a str) -> ObservedRecord<'a> {
        let members = ty.members().map(|member| self.member(&member)).collect();
        let (union, size) = (ty.kind() == Kind::Union, ty.size().unwrap_or_default());
        ObservedRecord {
            name,
            alias: ty.name().is_empty() && !name.is_empty(),
            union,
            size,
            members,
            place: place(ty.id()),
        }
    }

    fn member(&mut self, member: &Member<'a>) -> ObservedMember<'a> {
        let (mut bit_offset, mut bit_size) = (u64::from(member.bit_offset), u64::from(member.bit_size));
        let mut bitfield = bit_size > 0;
        if let Some(int) = self.narrow_int(member).filter(|_| !bitfield) {
            bitfield = true;
            bit_offset += u64::from(int.bit_offset);
            bit_size = int.bits.into();
        }
        if !bitfield {
            bit_size = self.btf.size_of(member.ty).unwrap_or_default().saturating_mul(8);
        }
        ObservedMember { name: member.name, bit_offset, bit_size, bitfield, shape: self.shape(member.ty) }
    }

    /// The integer of a bitfield of old writers, which have an integer type for each width.
    fn narrow_int(&self, member: &Member<'a>) -> Option<Int> {
        let int = self.btf.resolve(member.ty).ok()?.int()?;
        (u64::from(int.bits) < int.size.saturating_mul(8)).then_some(int)
    }

    fn shape(&mut self, id: TypeId) -> Shape {
        let (mut current, mut lengths) = (id, Vec::new());
        let inner = loop {
            let Ok((ty, typedef)) = self.behind(current) else { return Shape::Other("a type that leads nowhere") };
            match ty.array() {
                Some(array) if lengths.len() < Btf::MAX_DEPTH => {
                    lengths.push(u64::from(array.len));
                    current = array.element;
                }
                _ => break self.plain(&ty, typedef),
            }
        };
        lengths.into_iter().rev().fold(inner, |element, len| Shape::Array(Box::new(element), len))
    }

    /// The type behind typedefs and qualifiers, and the last of the typedefs' names that says more than it.
    fn behind(&self, id: TypeId) -> Result<(Type<'a>, &'a str), Error> {
        let ty = self.btf.resolve(id)?;
        let (mut current, mut name) = (id, "");
        while current != ty.id() {
            let Some(modifier) = self.btf.get(current) else { break };
            if modifier.kind() == Kind::Typedef && (name.is_empty() || BIG_ENDIAN.contains(&modifier.name())) {
                name = modifier.name();
            }
            current = modifier.target();
        }
        Ok((ty, name))
    }

    fn plain(&mut self, ty: &Type<'a>, typedef: &'a str) -> Shape {
        match ty.kind() {
            Kind::Int => ty.int().map_or(Shape::Other("an integer"), |int| Shape::Int {
                size: int.size,
                sign: if int.signed { Sign::Signed } else { Sign::Unsigned },
                bool: int.bool,
                big_endian: BIG_ENDIAN.contains(&typedef),
            }),
            Kind::Union if is_placeholder(self.btf, ty) => {
                Shape::Int { size: ty.size().unwrap_or_default(), sign: Sign::Unknown, bool: false, big_endian: false }
            }
            Kind::Float => Shape::Float(ty.size().unwrap_or_default()),
            Kind::Ptr => Shape::Pointer(self.btf.pointer_size()),
            Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 => {
                let name = if ty.name().is_empty() { typedef } else { ty.name() };
                Shape::Def(self.def(ty, name))
            }
            Kind::Fwd => Shape::Other("a type that is declared and not defined"),
            Kind::Void => Shape::Other("void"),
            _ => Shape::Other("no type of data"),
        }
    }

    pub(crate) fn map(&mut self, map: &MapDef<'a>) -> ObservedMap<'a> {
        ObservedMap {
            name: map.name,
            kind: map.kind.map(u64::from),
            key: self.part(map.key, map.key_size),
            value: self.part(map.value, map.value_size),
            max_entries: map.max_entries.map(u64::from),
            flags: map.map_flags.map(u64::from),
            numa_node: map.numa_node.map(u64::from),
            pinned_by_name: Some(map.pinning == Some(PIN_BY_NAME)),
            map_extra: map.map_extra.and_then(|extra| match extra {
                MapExtra::Known(value) => Some(value),
                MapExtra::Unknown => None,
            }),
            map_extra_unknown: map.map_extra == Some(MapExtra::Unknown),
            inner: map.inner.as_ref().map(|inner| Box::new(self.map(inner))),
            inner_unknown: false,
            unknown: None,
            place: place(map.definition),
        }
    }

    pub(crate) fn part(&mut self, ty: Option<TypeId>, size: Option<u32>) -> Option<ObservedPart> {
        let said = size.map(u64::from);
        match (ty, said) {
            (None, None) => None,
            (None, Some(_)) => Some(ObservedPart { size: said, shape: None }),
            (Some(ty), said) => {
                Some(ObservedPart { size: said.or_else(|| self.btf.size_of(ty).ok()), shape: Some(self.shape(ty)) })
            }
        }
    }
}

/// Typedefs that say in which order bytes lie.
const BIG_ENDIAN: &[&str] = &["__be16", "__be32", "__be64"];

/// Whether this is what libbpf loads in place of an enum of 64 bits into kernels that know none (before Linux 6.0): a union
/// of its size whose members, named as the values are, have the type `enum64_placeholder` (`bpf_object__sanitize_btf`).
fn is_placeholder(btf: &Btf<'_>, ty: &Type<'_>) -> bool {
    let member = ty.members().next().and_then(|member| btf.get(member.ty));
    member.is_some_and(|ty| ty.kind() == Kind::Int && ty.name() == "enum64_placeholder")
}

fn enumeration<'a>(ty: &Type<'a>, name: &'a str) -> ObservedEnum<'a> {
    let size = ty.size().unwrap_or_default();
    let sign = match (ty.kind(), ty.kind_flag()) {
        (_, true) => Sign::Signed,
        (Kind::Enum64, false) => Sign::Unsigned,
        // Writers from before Linux 6.0 have no flag for it.
        _ => Sign::Unknown,
    };
    // clang before 15 cuts the values of an enum of 64 bits to 32, and has no other sign of it than its size.
    let cut = ty.kind() == Kind::Enum && size > 4;
    let values = (!cut).then(|| ty.enumerators().map(|value| (value.name, value.value)).collect());
    ObservedEnum { name, size, sign, values, place: place(ty.id()) }
}

fn place(id: TypeId) -> String {
    format!("BTF type {id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_without_the_folder_that_they_are_in() {
        for (path, plain) in
            [("./a.h", "a.h"), ("src/./b/./a.h", "src/b/a.h"), ("/a/../b.h", "/a/../b.h"), ("a.h", "a.h")]
        {
            assert_eq!(plain_path(path), plain);
        }
    }
}
