//! Whether a BPF object was built from the layouts that this program was built from.
//!
//! The generated header puts a table of fingerprints into `.rodata`, whose members are named in the object's BTF. libbpf
//! has both at hand when it has opened the object, so that nothing is loaded that would not be understood.

use std::{ffi::OsStr, fmt, format, string::String, vec::Vec};

use libbpf_rs::{
    AsRawLibbpf as _, OpenObject, ReferencesType as _,
    btf::{
        Btf,
        types::{DataSec, MemberAttr, Struct, Var},
    },
    skel::OpenSkel,
};

use super::error::Error;
use crate::fingerprint::Fingerprints;

/// Compares the fingerprints that an opened object carries with those of the generated module, `FINGERPRINTS`.
///
/// Types and maps that only one side has are no difference: what is missing is told by whoever looks for it. Several
/// tables, as in an object that is linked of several, must all agree. It takes some microseconds, once.
///
/// ```no_run
/// # bpf_layout::fingerprints! { pub const FINGERPRINTS("layouts"): version 1 { types { } maps { } } }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let bytes = [0];
/// use bpf_layout::libbpf::verify;
///
/// let object = libbpf_rs::ObjectBuilder::default().open_memory(&bytes)?;
/// verify(&object, &FINGERPRINTS)?;
/// let object = object.load()?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If a fingerprint differs ([`Error::Differs`]), or the object has none ([`Error::NoFingerprints`]): it was compiled
/// without the generated header, or with `BPF_LAYOUT_NO_FINGERPRINTS`.
pub fn verify(object: &OpenObject, expected: &Fingerprints) -> Result<(), Error> {
    // SAFETY: the object owns what this points to, neither changes nor frees it while it is borrowed, and is borrowed for
    // longer than the reference lives.
    let raw = unsafe { object.as_libbpf_object().as_ref() };
    let absent = || Error::NoFingerprints { spec: expected.spec() };
    let btf = Btf::from_bpf_object(raw).ok().flatten().ok_or_else(absent)?;
    let rodata = object.maps().find(|map| map.name().as_encoded_bytes().ends_with(b".rodata")).ok_or_else(absent)?;
    let tables = tables(&btf, rodata.initial_value().unwrap_or_default(), expected.spec());
    if tables.is_empty() {
        return Err(absent());
    }
    let mut differs =
        Differs { spec: expected.spec(), version: expected.version(), found: Vec::new(), what: Vec::new() };
    for table in &tables {
        differs.compare(table, expected);
    }
    if differs.what.is_empty() { Ok(()) } else { Err(Error::Differs(differs)) }
}

/// [`verify()`] for skeletons that are open.
///
/// ```ignore
/// use bpf_layout::libbpf::VerifyLayouts as _;
///
/// let skel = ExecSkelBuilder::default().open(&mut storage)?;
/// skel.verify_layouts(&layouts::FINGERPRINTS)?;
/// let skel = skel.load()?;
/// ```
pub trait VerifyLayouts<'obj>: OpenSkel<'obj> {
    /// Compares the fingerprints that the object carries with those of the generated module.
    ///
    /// # Errors
    /// As [`verify()`].
    fn verify_layouts(&self, expected: &Fingerprints) -> Result<(), Error> {
        verify(self.open_object(), expected)
    }
}

impl<'obj, T: OpenSkel<'obj>> VerifyLayouts<'obj> for T {}

/// An object that was built from other layouts than this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differs {
    /// Name of the spec's file, without its extension.
    pub spec: &'static str,
    /// The version of the layouts that this program was built from.
    pub version: u32,
    /// The versions that the object was compiled with: several, if it is linked of several.
    pub found: Vec<u64>,
    /// What differs: types and maps by their names in C.
    pub what: Vec<String>,
}

impl Differs {
    fn compare(&mut self, table: &Table<'_>, expected: &Fingerprints) {
        let groups = [("", expected.types(), &table.types), ("map ", expected.maps(), &table.maps)];
        let mut differs = false;
        for (word, expected, found) in groups {
            for (name, fingerprint) in expected {
                let other = found.iter().any(|(found, other)| *found == OsStr::new(name) && other != fingerprint);
                let what = format!("{word}`{name}`");
                differs |= other;
                if other && !self.what.contains(&what) {
                    self.what.push(what);
                }
            }
        }
        if differs && !self.found.contains(&table.version) {
            self.found.push(table.version);
        }
    }

    /// Which side is older, as far as versions tell.
    fn older(&self) -> String {
        let ours = u64::from(self.version);
        match self.found.as_slice() {
            [found] if *found < ours => format!("the object is older: version {found}, this program has {ours}"),
            [found] if *found > ours => format!("this program is older: version {ours}, the object has {found}"),
            [_] => format!(
                "both say version {ours}; a `version` in {}.toml that counts up with each change would tell which is older",
                self.spec
            ),
            _ => format!("the object is made of parts of several versions; this program has {ours}"),
        }
    }
}

/// Names that a message lists before it only counts.
const LISTED: usize = 5;

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = self.what.len().min(LISTED);
        let more = self.what.len() - listed;
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let differ = if self.what.len() == 1 { "differs" } else { "differ" };
        write!(
            f,
            "the BPF object was built from other layouts than this program: {}{more} {differ} ({}); build both from the same \
             {}.toml, with the same profile",
            self.what[..listed].join(", "),
            self.older(),
            self.spec
        )
    }
}

impl std::error::Error for Differs {}

/// What one table in the object says.
#[derive(Debug, Default)]
struct Table<'a> {
    version: u64,
    types: Vec<(&'a OsStr, u64)>,
    maps: Vec<(&'a OsStr, u64)>,
}

/// Every table of this spec in the object.
fn tables<'a>(btf: &'a Btf<'_>, rodata: &[u8], spec: &str) -> Vec<Table<'a>> {
    let name = spec.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    let name = format!("__bpf_layout_fingerprints_{}", name.collect::<String>());
    let Some(section) = btf.type_by_name::<DataSec<'_>>(".rodata") else { return Vec::new() };
    let read = |index| {
        let place = section.get(index)?;
        let variable = btf.type_by_id::<Var<'_>>(place.ty)?;
        if variable.name()? != OsStr::new(&name) {
            return None;
        }
        let bytes = rodata.get(place.offset as usize..)?.get(..place.size)?;
        let ty: Struct<'_> = variable.referenced_type().skip_mods_and_typedefs().try_into().ok()?;
        table(btf, &ty, bytes)
    };
    (0..section.len()).filter_map(read).collect()
}

fn table<'a>(btf: &'a Btf<'_>, ty: &Struct<'a>, bytes: &[u8]) -> Option<Table<'a>> {
    let mut table = Table::default();
    for index in 0..ty.len() {
        let member = ty.get(index)?;
        let bytes = at(bytes, member.attr)?;
        let group = || members(&btf.type_by_id::<Struct<'_>>(member.ty)?, bytes);
        match member.name?.to_str()? {
            "version" => table.version = number(bytes)?,
            "types" => table.types = group()?,
            "maps" => table.maps = group()?,
            _ => {}
        }
    }
    Some(table)
}

fn members<'a>(ty: &Struct<'a>, bytes: &[u8]) -> Option<Vec<(&'a OsStr, u64)>> {
    (0..ty.len())
        .map(|index| ty.get(index).and_then(|member| Some((member.name?, number(at(bytes, member.attr)?)?))))
        .collect()
}

/// The bytes from where a member starts.
fn at(bytes: &[u8], attr: MemberAttr) -> Option<&[u8]> {
    match attr {
        MemberAttr::Normal { offset } => bytes.get(offset as usize / 8..),
        MemberAttr::BitField { .. } => None,
    }
}

/// A `__u64` in the byte order of this machine, which is that of any object that can be loaded here.
fn number(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use std::{string::ToString as _, vec};

    use super::*;

    const EXPECTED: Fingerprints =
        Fingerprints::new("layouts", 2, &[("a", 1), ("b", 2), ("new", 3)], &[("a", 4), ("c", 5)]);

    fn told(tables: &[(u64, u64, u64)]) -> String {
        let mut differs = Differs { spec: "layouts", version: 2, found: vec![], what: vec![] };
        for &(version, b, c) in tables {
            let name = OsStr::new;
            let types = vec![(name("a"), 1), (name("b"), b), (name("old"), 9)];
            differs.compare(&Table { version, types, maps: vec![(name("a"), 4), (name("c"), c)] }, &EXPECTED);
        }
        if differs.what.is_empty() { String::new() } else { differs.to_string() }
    }

    #[test]
    fn what_both_have_is_compared() {
        assert_eq!(told(&[(1, 2, 5)]), "");
        let text = told(&[(1, 7, 7)]);
        assert!(
            text.contains(
                "than this program: `b`, map `c` differ (the object is older: version 1, this program has 2)"
            )
        );
        assert!(text.ends_with("build both from the same layouts.toml, with the same profile"), "{text}");
    }

    #[test]
    fn the_older_side_is_told_by_version() {
        for (tables, expected) in [
            (&[(3, 7, 5)][..], "`b` differs (this program is older: version 2, the object has 3)"),
            (&[(2, 7, 5)], "(both say version 2; a `version` in layouts.toml"),
            (&[(2, 2, 5), (1, 7, 5)], "(the object is older: version 1,"),
            (&[(2, 7, 5), (1, 7, 5)], "(the object is made of parts of several versions; this program has 2)"),
        ] {
            assert!(told(tables).contains(expected), "{}", told(tables));
        }
    }
}
