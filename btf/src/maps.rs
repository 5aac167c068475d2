//! Definitions of maps: the variables of the section `.maps`, whose types say it all (`parse_btf_map_def` and
//! `__uint`, `__type`, `__array`, `__ulong` of libbpf).

use std::collections::HashMap;

use crate::{
    btf::{Btf, TypeId},
    error::Error,
    kind::Kind,
    ty::{Member, Type},
};

/// A map as an object defines it. What it does not say is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapDef<'a> {
    /// Name of its variable, and so of the map; empty for the maps that another holds.
    pub name: &'a str,
    /// The struct that defines it.
    pub definition: TypeId,
    /// Its type: a number of `enum bpf_map_type`.
    pub kind: Option<u32>,
    /// Type of its keys.
    pub key: Option<TypeId>,
    /// `key_size`, where it is given instead of a type or beside it, in bytes.
    pub key_size: Option<u32>,
    /// Type of its values.
    pub value: Option<TypeId>,
    /// `value_size`, where it is given instead of a type or beside it, in bytes.
    pub value_size: Option<u32>,
    /// `max_entries`; bytes for ring buffers.
    pub max_entries: Option<u32>,
    /// `map_flags`: bits of `BPF_F_*`.
    pub map_flags: Option<u32>,
    /// The NUMA node it is allocated on.
    pub numa_node: Option<u32>,
    /// How libbpf pins it: 1 by its name.
    pub pinning: Option<u32>,
    /// What its type makes of it.
    pub map_extra: Option<MapExtra>,
    /// For maps of maps: how those that it holds are defined.
    pub inner: Option<Box<MapDef<'a>>>,
}

/// A `map_extra`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapExtra {
    /// Its value.
    Known(u64),
    /// It has a value that BTF does not tell: clang before 15 writes wrong values of more than 32 bits.
    Unknown,
}

/// Every map of `.maps`.
pub(crate) fn definitions<'a>(btf: &Btf<'a>) -> Result<Vec<MapDef<'a>>, Error> {
    let mut maps = Vec::new();
    // Hostile data may define a million maps by one struct of a million members.
    let mut read: HashMap<TypeId, MapDef<'a>> = HashMap::new();
    for section in btf.find_all(Kind::Datasec, ".maps").filter_map(|id| btf.get(id)) {
        for variable in section.variables() {
            let variable = btf.get(variable.var).filter(|ty| ty.kind() == Kind::Var);
            let variable = variable.ok_or(Error::Damaged("`.maps` holds what is no variable"))?;
            let map = match read.get(&variable.target()) {
                Some(map) => MapDef { name: variable.name(), ..map.clone() },
                None => definition(btf, variable.name(), variable.target(), Nesting::Outer)?,
            };
            read.entry(variable.target()).or_insert_with(|| map.clone());
            maps.push(map);
        }
    }
    Ok(maps)
}

/// Whether a definition may say what maps it holds. libbpf takes no maps of maps of maps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nesting {
    Outer,
    Inner,
}

/// Reads one member after another.
struct Reader<'b, 'a> {
    btf: &'b Btf<'a>,
    map: &'a str,
}

fn definition<'a>(btf: &Btf<'a>, name: &'a str, ty: TypeId, nesting: Nesting) -> Result<MapDef<'a>, Error> {
    let reader = Reader { btf, map: name };
    let ty = btf.resolve(ty)?;
    if ty.kind() != Kind::Struct {
        return Err(reader.error("", "is no struct"));
    }
    let mut map = MapDef {
        name,
        definition: ty.id(),
        kind: None,
        key: None,
        key_size: None,
        value: None,
        value_size: None,
        max_entries: None,
        map_flags: None,
        numa_node: None,
        pinning: None,
        map_extra: None,
        inner: None,
    };
    for member in ty.members() {
        match member.name {
            "type" => map.kind = Some(reader.number(&member)?),
            "key" => map.key = Some(reader.pointee(&member)?),
            "key_size" => map.key_size = Some(reader.number(&member)?),
            "value" => map.value = Some(reader.pointee(&member)?),
            "value_size" => map.value_size = Some(reader.number(&member)?),
            "max_entries" => map.max_entries = Some(reader.number(&member)?),
            "map_flags" => map.map_flags = Some(reader.number(&member)?),
            "numa_node" => map.numa_node = Some(reader.number(&member)?),
            "pinning" => map.pinning = Some(reader.number(&member)?),
            "map_extra" => map.map_extra = Some(reader.extra(&member)?),
            "values" if nesting == Nesting::Outer => map.inner = reader.inner(&member)?.map(Box::new),
            // Loaders other than libbpf have members of their own.
            _ => {}
        }
    }
    Ok(map)
}

impl<'a> Reader<'_, 'a> {
    /// `__uint(name, N)`: a pointer to an array of N.
    fn number(&self, member: &Member<'a>) -> Result<u32, Error> {
        let array = self.btf.resolve(self.pointee(member)?)?.array();
        array.map(|array| array.len).ok_or_else(|| self.error(member.name, "is no pointer to an array"))
    }

    /// `__type(name, T)`: a pointer to T.
    fn pointee(&self, member: &Member<'a>) -> Result<TypeId, Error> {
        let ty = self.btf.resolve(member.ty)?;
        if ty.kind() == Kind::Ptr { Ok(ty.target()) } else { Err(self.error(member.name, "is no pointer")) }
    }

    /// `__uint`, or `__ulong(name, N)`: an enum of one value.
    fn extra(&self, member: &Member<'a>) -> Result<MapExtra, Error> {
        let ty = self.btf.resolve(member.ty)?;
        let value = || ty.enumerators().next().map(|first| first.value.cast_unsigned() as u64);
        match ty.kind() {
            Kind::Ptr => self.number(member).map(|number| MapExtra::Known(number.into())),
            Kind::Enum if ty.size() == Some(8) => Ok(MapExtra::Unknown),
            Kind::Enum | Kind::Enum64 => {
                value().map(MapExtra::Known).ok_or_else(|| self.error(member.name, "is an enum without a value"))
            }
            _ => Err(self.error(member.name, "is neither a pointer nor an enum")),
        }
    }

    /// `__array(values, T)`: an array of pointers to what defines the maps that it holds; or to functions, which
    /// program arrays hold.
    fn inner(&self, member: &Member<'a>) -> Result<Option<MapDef<'a>>, Error> {
        let array = self.btf.resolve(member.ty)?.array();
        let array = array.ok_or_else(|| self.error(member.name, "is no array"))?;
        let element: Type<'a> = self.btf.resolve(array.element)?;
        if element.kind() != Kind::Ptr {
            return Err(self.error(member.name, "is no array of pointers"));
        }
        let held = self.btf.resolve(element.target())?;
        match held.kind() {
            Kind::Struct => definition(self.btf, "", held.id(), Nesting::Inner).map(Some),
            Kind::FuncProto => Ok(None),
            _ => Err(self.error(member.name, "holds pointers to neither maps nor functions")),
        }
    }

    fn error(&self, member: &str, reason: &'static str) -> Error {
        Error::Map { map: self.map.to_owned(), member: member.to_owned(), reason }
    }
}
