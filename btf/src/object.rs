//! ELF objects that carry BTF: those that compilers make, and those that `bpftool gen object` links of them.

use object::{Object as _, ObjectSection as _};

use crate::{
    btf::{Btf, TypeId},
    code::{self, OutputCall},
    error::Error,
    ext::{Lines, relocated_types},
    maps::MapDef,
    rodata::{Constant, Rodata},
};

/// How the mark of GCC begins in `.comment`.
const GCC: &[u8] = b"GCC: (";

/// The major version in a mark of GCC: `GCC: (12.2.0-14+11+deb12u1) 12.2.0`.
fn gcc_version(comment: &[u8]) -> Option<u32> {
    let start = comment.windows(GCC.len()).position(|window| window == GCC)?;
    let mark = comment[start..].split(|byte| *byte == 0).next()?;
    let text = std::str::from_utf8(mark).ok()?;
    let version = text.rsplit_once(") ").map_or(text, |(_, version)| version);
    version.split('.').next()?.trim().parse().ok()
}

/// An object's BTF and the maps that it defines.
#[derive(Debug)]
pub struct Object<'a> {
    data: &'a [u8],
    btf: Btf<'a>,
    lines: Lines<'a>,
    relocated: Vec<TypeId>,
    by_gcc: bool,
    gcc_version: Option<u32>,
    rodata: Rodata<'a>,
}

impl<'a> Object<'a> {
    /// Reads an ELF file of either class and byte order.
    ///
    /// # Errors
    /// If it is no ELF file, has no section `.BTF`, or that section is damaged.
    pub fn parse(data: &'a [u8]) -> Result<Self, Error> {
        let elf = |error: object::Error| Error::Elf(error.to_string());
        let file = object::File::parse(data).map_err(elf)?;
        let is_bpf = file.architecture() == object::Architecture::Bpf;
        let missing = if is_bpf { Error::NoSection(".BTF") } else { Error::NotBpf };
        let section = file.section_by_name(".BTF").ok_or(missing)?;
        let btf = Btf::parse(section.data().map_err(elf)?)?;
        let comment = file.section_by_name(".comment").and_then(|section| section.data().ok()).unwrap_or_default();
        let by_gcc = comment.windows(GCC.len()).any(|window| window == GCC);
        let ext = file.section_by_name(".BTF.ext").and_then(|section| section.data().ok());
        let lines = ext.and_then(|ext| Lines::read(ext, &btf)).unwrap_or_else(Lines::none);
        let relocated = ext.map(|ext| relocated_types(ext, &btf)).unwrap_or_default();
        Ok(Object {
            data,
            btf,
            lines,
            relocated,
            by_gcc,
            gcc_version: gcc_version(comment),
            rodata: Rodata::of(&file, data.len())?,
        })
    }

    /// Whether GCC compiled it, or a part of it, which it says in the section `.comment`. Its BTF has errors of its own:
    /// GCC 12 writes the dimensions of arrays in the reverse order.
    #[must_use]
    pub fn is_by_gcc(&self) -> bool {
        self.by_gcc
    }

    /// The major version of the GCC that compiled it, or the first part of it; `None` if none did, or it does not say.
    #[must_use]
    pub fn gcc_version(&self) -> Option<u32> {
        self.gcc_version
    }

    /// Types of the kernel, as the loader takes them for: those whose members, sizes or existence it looks up in the kernel that
    /// it loads into ("CO-RE"), each as often as it does.
    #[must_use]
    pub fn relocated_types(&self) -> &[TypeId] {
        &self.relocated
    }

    /// Its types.
    #[must_use]
    pub fn btf(&self) -> &Btf<'a> {
        &self.btf
    }

    /// The variables of its `.rodata` that BTF knows, with their bytes, in the order of BTF.
    #[must_use]
    pub fn constants(&self) -> Vec<Constant<'a>> {
        self.rodata.constants(&self.btf)
    }

    /// The maps that it defines in `.maps`, in the order of that section.
    ///
    /// # Errors
    /// If one of them is not defined as libbpf reads it.
    pub fn maps(&self) -> Result<Vec<MapDef<'a>>, Error> {
        self.btf.maps()
    }

    /// Its calls that hand records to userspace, through ring buffers and perf buffers, in the order of its sections. None
    /// for an object that is not of 64 bits, which Linux does not load.
    ///
    /// # Errors
    /// If sections lie outside the file, or over one another.
    pub fn output_calls(&self) -> Result<Vec<OutputCall<'a>>, Error> {
        code::output_calls(self.data, &self.lines)
    }
}
