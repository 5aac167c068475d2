//! Types by their id and by their name, and how large they are.

use std::{fmt, sync::OnceLock};

use crate::{
    error::Error,
    header::Sections,
    index::Index,
    kind::Kind,
    maps::{self, MapDef},
    ty::{Members, Type},
    validate,
};

/// The number of a type in its BTF: 0 is `void`, 1 the first type of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

impl TypeId {
    /// `void`.
    pub const VOID: TypeId = TypeId(0);
}

impl fmt::Display for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// BTF that has been checked. It borrows the bytes it was read from, and its names with them.
#[derive(Debug)]
pub struct Btf<'a> {
    pub(crate) sections: Sections<'a>,
    /// Where each type begins in the type section, by its id less one.
    pub(crate) starts: Vec<u32>,
    index: OnceLock<Index>,
    pointer_size: OnceLock<u64>,
}

impl<'a> Btf<'a> {
    /// How many types may lead from one to another until the size is known: `MAX_RESOLVE_DEPTH` of `kernel/bpf/btf.c`.
    pub const MAX_DEPTH: usize = 32;

    /// Reads BTF as it stands in `/sys/kernel/btf/vmlinux`, or in the section `.BTF` of an object.
    ///
    /// # Errors
    /// If the data is no BTF or damaged, or holds a kind that neither this release nor the data itself describes.
    pub fn parse(data: &'a [u8]) -> Result<Self, Error> {
        let sections = Sections::find(data)?;
        let starts = validate::starts(&sections)?;
        let btf = Btf { sections, starts, index: OnceLock::new(), pointer_size: OnceLock::new() };
        validate::contents(&btf)?;
        Ok(btf)
    }

    /// Whether it was written on, or for, a big-endian machine.
    #[must_use]
    pub fn is_big_endian(&self) -> bool {
        self.sections.types.big_endian()
    }

    /// The type with this id; `void` for 0.
    #[must_use]
    pub fn get(&self, id: TypeId) -> Option<Type<'a>> {
        if id == TypeId::VOID {
            return Some(Type::void(self.sections));
        }
        let start = *self.starts.get(id.0 as usize - 1)?;
        Type::read(self.sections, id, start as usize)
    }

    /// Every type, in order of id, without `void`.
    pub fn types(&self) -> impl Iterator<Item = Type<'a>> + '_ {
        (1..).zip(&self.starts).filter_map(|(id, start)| Type::read(self.sections, TypeId(id), *start as usize))
    }

    /// The first type of this kind and name.
    #[must_use]
    pub fn find(&self, kind: Kind, name: &str) -> Option<TypeId> {
        self.find_all(kind, name).next()
    }

    /// Every type of this kind and name, in order of id. An object may well have two structs of one name.
    pub fn find_all(&self, kind: Kind, name: &str) -> impl Iterator<Item = TypeId> + '_ {
        self.index.get_or_init(|| Index::new(self)).find(self, kind, name)
    }

    /// The members of a struct or union, in order; none for other types, and for ids that do not exist.
    #[must_use]
    pub fn members(&self, id: TypeId) -> Members<'a> {
        self.get(id).map_or_else(Members::none, |ty| ty.members())
    }

    /// The type behind typedefs, `const`, `volatile`, `restrict` and type tags.
    ///
    /// # Errors
    /// If there is no such type, or they are more than [`Btf::MAX_DEPTH`].
    pub fn resolve(&self, id: TypeId) -> Result<Type<'a>, Error> {
        let mut current = id;
        for _ in 0..Self::MAX_DEPTH {
            let ty = self.get(current).ok_or(Error::NoType(current))?;
            if !ty.kind().is_modifier() {
                return Ok(ty);
            }
            current = ty.target();
        }
        Err(Error::TooDeep(id))
    }

    /// The maps that are defined in `.maps`, in the order of that section: those of the object that this BTF was made
    /// for. libbpf keeps the section in what it loads into the kernel.
    ///
    /// # Errors
    /// If one of them is not defined as libbpf reads it.
    pub fn maps(&self) -> Result<Vec<MapDef<'a>>, Error> {
        maps::definitions(self)
    }

    /// Size of a type, or of a variable, in bytes.
    ///
    /// # Errors
    /// If there is no such type, it has no size, or it leads through more than [`Btf::MAX_DEPTH`] others.
    pub fn size_of(&self, id: TypeId) -> Result<u64, Error> {
        let (mut current, mut elements) = (id, 1u64);
        for _ in 0..Self::MAX_DEPTH {
            let ty = self.resolve(current)?;
            let size = match ty.kind() {
                Kind::Ptr => self.pointer_size(),
                Kind::Array => {
                    let array = ty.array().ok_or(Error::Truncated(ty.id()))?;
                    elements = elements.checked_mul(array.len.into()).ok_or(Error::TooLarge(id))?;
                    current = array.element;
                    continue;
                }
                Kind::Var => {
                    current = ty.target();
                    continue;
                }
                kind => ty.size().ok_or(Error::NoSize(ty.id(), kind))?,
            };
            return elements.checked_mul(size).ok_or(Error::TooLarge(id));
        }
        Err(Error::TooDeep(id))
    }

    /// Size of a pointer in bytes: that of `long`, as libbpf decides it (`determine_ptr_sz`), and 8, which it is for
    /// BPF, if there is no `long`.
    #[must_use]
    pub fn pointer_size(&self) -> u64 {
        *self.pointer_size.get_or_init(|| {
            let long = LONG.iter().find_map(|name| self.find(Kind::Int, name));
            long.and_then(|id| self.get(id)?.size()).filter(|size| matches!(size, 4 | 8)).unwrap_or(8)
        })
    }
}

/// How compilers spell `long`.
const LONG: &[&str] = &["long", "long int", "int long", "unsigned long", "long unsigned int", "unsigned long int"];
