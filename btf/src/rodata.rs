//! Variables of `.rodata` with their bytes.

use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

use crate::{btf::Btf, btf::TypeId, error::Error, kind::Kind};

/// The section.
const NAME: &str = ".rodata";

/// A variable that programs cannot write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant<'a> {
    /// Its name. Static variables of several linked files may share one.
    pub name: &'a str,
    /// Its type.
    pub ty: TypeId,
    /// Its bytes, in the byte order of the object.
    pub bytes: &'a [u8],
}

/// What is known of the section.
#[derive(Debug, Default)]
pub(crate) struct Rodata<'a> {
    data: &'a [u8],
    /// Names and addresses, sorted.
    symbols: Vec<(&'a str, u64)>,
}

impl<'a> Rodata<'a> {
    /// Reads the section of a file of `len` bytes, if it has one.
    pub(crate) fn of(file: &object::File<'a>, len: usize) -> Result<Self, Error> {
        let elf = |error: object::Error| Error::Elf(error.to_string());
        let Some(section) = file.section_by_name(NAME) else { return Ok(Rodata::default()) };
        let inside = file.symbols().filter(|symbol| symbol.section_index() == Some(section.index()));
        // In hostile data many symbols may share one long name, which would be read for each.
        let mut room = len;
        let mut symbols = Vec::new();
        for symbol in inside {
            let Ok(name) = symbol.name_bytes() else { continue };
            let Some(left) = room.checked_sub(name.len()) else { break };
            room = left;
            symbols.extend(str::from_utf8(name).map(|name| (name, symbol.address())));
        }
        symbols.sort_unstable();
        Ok(Rodata { data: section.data().map_err(elf)?, symbols })
    }

    /// The variables that BTF knows and that lie within the section.
    pub(crate) fn constants(&self, btf: &Btf<'a>) -> Vec<Constant<'a>> {
        let sections = btf.find_all(Kind::Datasec, NAME).filter_map(|id| btf.get(id));
        let variables = sections.flat_map(|section| section.variables());
        let constant = |place: crate::ty::SectionVar| {
            let variable = btf.get(place.var).filter(|ty| ty.kind() == Kind::Var)?;
            let start = usize::try_from(self.address(variable.name()).unwrap_or(place.offset.into())).ok()?;
            let bytes = self.data.get(start..)?.get(..place.size as usize)?;
            Some(Constant { name: variable.name(), ty: variable.target(), bytes })
        };
        variables.filter_map(constant).collect()
    }

    /// Where a variable lies, if its name says it. clang leaves the offsets of global variables to loaders, and GCC 12
    /// those of static ones as well; only linkers write them all. They also bring several variables of one name together.
    fn address(&self, name: &str) -> Option<u64> {
        let first = self.symbols.partition_point(|(other, _)| *other < name);
        match self.symbols.get(first..)? {
            [(found, address), rest @ ..] if *found == name && rest.first().is_none_or(|next| next.0 != name) => {
                Some(*address)
            }
            _ => None,
        }
    }
}
