//! Fingerprints of layouts: whether two programs were built from the same.

/// The fingerprints of everything in a generated module, as its constant `FINGERPRINTS` has them.
///
/// A BPF object that was compiled with the generated header carries the same table. `bpf_layout::libbpf::verify` (with the
/// feature `libbpf`) compares the two before the object is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprints {
    spec: &'static str,
    version: u32,
    types: &'static [(&'static str, u64)],
    maps: &'static [(&'static str, u64)],
}

impl Fingerprints {
    /// A table, as generated code writes it: the name of the spec's file without extension, the version that the spec
    /// gives its layouts, and the fingerprints of types and maps by their names in C.
    #[must_use]
    pub const fn new(
        spec: &'static str,
        version: u32,
        types: &'static [(&'static str, u64)],
        maps: &'static [(&'static str, u64)],
    ) -> Self {
        Fingerprints { spec, version, types, maps }
    }

    /// Name of the spec's file, without its extension.
    #[must_use]
    pub const fn spec(&self) -> &'static str {
        self.spec
    }

    /// `version` of the spec; 1 if it has none. Larger is newer.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Types, by their names in C.
    #[must_use]
    pub const fn types(&self) -> &'static [(&'static str, u64)] {
        self.types
    }

    /// Maps, by their names in C.
    #[must_use]
    pub const fn maps(&self) -> &'static [(&'static str, u64)] {
        self.maps
    }
}
