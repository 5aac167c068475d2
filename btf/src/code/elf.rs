//! Sections with instructions, the functions in them, and the maps that relocations put into them.
//!
//! Names are read here and not by `object`, which looks for the end of each in all that follows: in a hostile file that
//! takes time with the square of its size.

use std::collections::HashMap;

use object::{
    Endianness, elf,
    read::elf::{FileHeader as _, Rel as _, SectionHeader as _, Sym as _},
};

use super::insn::INSN_SIZE;
use crate::{bytes::Bytes, error::Error, ty::name_at};

type FileHeader = elf::FileHeader64<Endianness>;
type SectionHeader = elf::SectionHeader64<Endianness>;
type Symbol = elf::Sym64<Endianness>;

/// A section with instructions.
#[derive(Debug)]
pub(super) struct Code<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: Bytes<'a>,
    /// Symbols of maps, by the slots of the instructions that load their addresses.
    pub(super) maps: HashMap<usize, u32>,
    /// The first slot and the name of each function, in order.
    pub(super) functions: Vec<(usize, &'a str)>,
}

/// A BPF object.
pub(super) struct Elf<'a> {
    data: &'a [u8],
    endian: Endianness,
    sections: &'a [SectionHeader],
    section_names: &'a [u8],
    symbols: &'a [Symbol],
    symbol_names: &'a [u8],
    /// The section `.maps`.
    maps: Option<usize>,
}

impl<'a> Elf<'a> {
    /// Reads what there is of it. `None` if it is no BPF object of 64 bits, as all that Linux loads are, or has no
    /// symbols.
    pub(super) fn parse(data: &'a [u8]) -> Result<Option<Self>, Error> {
        let Ok(header) = FileHeader::parse(data) else { return Ok(None) };
        let endian = header.endian().map_err(damaged)?;
        if header.e_machine(endian) != elf::EM_BPF {
            return Ok(None);
        }
        let sections = header.section_headers(endian, data).map_err(damaged)?;
        let strings = |index: usize| {
            let section = sections.get(index);
            section.map_or(Ok(&[][..]), |section| section.data(endian, data)).map_err(damaged)
        };
        let Some(table) = sections.iter().find(|section| section.sh_type(endian) == elf::SHT_SYMTAB) else {
            return Ok(None);
        };
        let mut elf = Elf {
            data,
            endian,
            sections,
            section_names: strings(header.shstrndx(endian, data).map_err(damaged)? as usize)?,
            symbols: table.data_as_array(endian, data).map_err(damaged)?,
            symbol_names: strings(table.sh_link(endian) as usize)?,
            maps: None,
        };
        elf.maps = elf.sections.iter().position(|section| elf.section_name(section) == ".maps");
        Ok(Some(elf))
    }

    fn section_name(&self, section: &SectionHeader) -> &'a str {
        name_at(self.section_names, section.sh_name(self.endian)).unwrap_or_default()
    }

    /// The name of a symbol; empty if it has none.
    pub(super) fn symbol_name(&self, symbol: u32) -> &'a str {
        let symbol = self.symbols.get(symbol as usize);
        symbol.and_then(|symbol| name_at(self.symbol_names, symbol.st_name(self.endian))).unwrap_or_default()
    }

    /// All sections with instructions.
    pub(super) fn code(&self) -> Result<Vec<Code<'a>>, Error> {
        // Sections that lie over one another would be read many times.
        let mut left = self.data.len();
        let mut code: Vec<Option<Code<'a>>> = self.sections.iter().map(|_| None).collect();
        for (section, code) in self.sections.iter().zip(&mut code) {
            let is_code = section.sh_type(self.endian) == elf::SHT_PROGBITS
                && section.sh_flags(self.endian).contains(elf::SHF_EXECINSTR);
            if is_code {
                let bytes = Bytes::new(self.contents(section, &mut left)?, self.endian == Endianness::Big);
                let name = self.section_name(section);
                *code = Some(Code { name, bytes, maps: HashMap::new(), functions: Vec::new() });
            }
        }
        for section in self.sections.iter().filter(|section| section.sh_type(self.endian) == elf::SHT_REL) {
            if let Some(Some(code)) = code.get_mut(section.sh_info(self.endian) as usize) {
                self.contents(section, &mut left)?;
                self.read_relocations(section, code)?;
            }
        }
        self.find_functions(&mut code);
        Ok(code.into_iter().flatten().collect())
    }

    fn contents(&self, section: &SectionHeader, left: &mut usize) -> Result<&'a [u8], Error> {
        let contents = section.data(self.endian, self.data).map_err(damaged)?;
        *left = left.checked_sub(contents.len()).ok_or_else(|| Error::Elf("sections overlap".to_owned()))?;
        Ok(contents)
    }

    fn read_relocations(&self, section: &SectionHeader, code: &mut Code<'a>) -> Result<(), Error> {
        let relocations: &[elf::Rel64<Endianness>] = section.data_as_array(self.endian, self.data).map_err(damaged)?;
        for relocation in relocations {
            let symbol = relocation.r_sym(self.endian);
            if self.is_map(symbol)
                && let Ok(offset) = usize::try_from(relocation.r_offset(self.endian))
            {
                code.maps.insert(offset / INSN_SIZE, symbol);
            }
        }
        Ok(())
    }

    /// Whether a symbol is that of a map. libbpf takes no maps that have none of their own.
    fn is_map(&self, symbol: u32) -> bool {
        let symbol = self.symbols.get(symbol as usize);
        symbol.is_some_and(|symbol| {
            symbol.st_type() != elf::STT_SECTION && Some(usize::from(symbol.st_shndx(self.endian).0)) == self.maps
        })
    }

    fn find_functions(&self, code: &mut [Option<Code<'a>>]) {
        for (index, symbol) in (0..).zip(self.symbols).filter(|(_, symbol)| symbol.st_type() == elf::STT_FUNC) {
            let section = usize::from(symbol.st_shndx(self.endian).0);
            if let (Some(Some(code)), Ok(offset)) =
                (code.get_mut(section), usize::try_from(symbol.st_value(self.endian)))
            {
                code.functions.push((offset / INSN_SIZE, self.symbol_name(index)));
            }
        }
        for code in code.iter_mut().flatten() {
            code.functions.sort_unstable();
        }
    }
}

fn damaged(error: object::Error) -> Error {
    Error::Elf(error.to_string())
}
