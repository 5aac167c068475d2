//! What can go wrong between a spec and a live map.

use std::{fmt, io, path::PathBuf, string::String, vec::Vec};

#[cfg(feature = "live")]
use crate::skew::{Difference, PlanError, WriteError};

use super::verify::Differs;

/// Why an operation on a map, buffer or object failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The live map is not the one that the spec describes.
    Mismatch(Mismatch),
    /// A pinned map cannot be opened.
    Open {
        /// Name of the map in the spec.
        map: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        source: libbpf_rs::Error,
    },
    /// The live map's types cannot be read, or its values not as those of the spec.
    #[cfg(feature = "live")]
    Layout {
        /// Name of the map in the spec.
        map: &'static str,
        /// Why not.
        source: PlanError,
    },
    /// The kernel does not give the BTF of the live map.
    #[cfg(feature = "live")]
    Kernel {
        /// Name of the map in the spec.
        map: &'static str,
        /// Why not, and what would help.
        source: bpf_layout_live::Error,
    },
    /// A key or value cannot be written in the layout of the live map.
    #[cfg(feature = "live")]
    Write {
        /// Name of the map in the spec.
        map: &'static str,
        /// Why not.
        source: WriteError,
    },
    /// The kernel or libbpf refused.
    Libbpf {
        /// Name of the map in the spec.
        map: &'static str,
        /// What was asked for.
        operation: &'static str,
        /// Why not.
        source: libbpf_rs::Error,
    },
    /// A batch stopped on the way.
    Batch {
        /// Name of the map in the spec.
        map: &'static str,
        /// What was asked for.
        operation: &'static str,
        /// Entries that were done before it stopped.
        done: usize,
        /// Why it stopped.
        source: io::Error,
    },
    /// The object was built from other layouts than this program.
    Differs(Differs),
    /// The object does not say which layouts it was built from.
    NoFingerprints {
        /// Name of the spec's file, without its extension.
        spec: &'static str,
    },
    /// A per-CPU value was not given once for each possible CPU.
    Cpus {
        /// Name of the map in the spec.
        map: &'static str,
        /// Values given.
        values: usize,
        /// Possible CPUs.
        cpus: usize,
    },
}

/// A live map that is not the one that the spec describes, with every difference.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// Name of the map in the spec.
    pub map: &'static str,
    /// What differs, as text: `value: 1112 bytes, expected 1104 (socket_value)`.
    pub differences: Vec<String>,
    /// Those of key and value, where the kernel has their types.
    #[cfg(feature = "live")]
    pub layout: Vec<Difference>,
}

impl Mismatch {
    /// By what is known without the types of key and value.
    pub(super) fn new(map: &'static str, differences: Vec<String>) -> Self {
        Mismatch {
            map,
            differences,
            #[cfg(feature = "live")]
            layout: Vec::new(),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "map `{}` differs from its layout: {}", self.map, self.differences.join("; "))
    }
}

impl std::error::Error for Mismatch {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Mismatch(mismatch) => mismatch.fmt(f),
            Error::Differs(differs) => differs.fmt(f),
            Error::NoFingerprints { spec } => write!(
                f,
                "the BPF object carries no fingerprints of {spec}.toml: it was compiled without the header that is \
                 generated from it, with one of an older release, or with BPF_LAYOUT_NO_FINGERPRINTS"
            ),
            Error::Open { map, path, source } => {
                write!(f, "map `{map}`: cannot open the map pinned at {}: {source}", path.display())
            }
            #[cfg(feature = "live")]
            Error::Layout { map, source } => write!(f, "map `{map}`: {source}"),
            #[cfg(feature = "live")]
            Error::Kernel { map, source } => {
                write!(f, "map `{map}`: cannot read its types: {source}")?;
                source.help().map_or(Ok(()), |help| write!(f, "; {help}"))
            }
            #[cfg(feature = "live")]
            Error::Write { map, source } => write!(f, "map `{map}`: {source}"),
            Error::Libbpf { map, operation, source } => write!(f, "map `{map}`: cannot {operation}: {source}"),
            Error::Batch { map, operation, done, source } => {
                write!(f, "map `{map}`: cannot {operation}: {source} (after {done} entries)")
            }
            Error::Cpus { map, values, cpus } => {
                write!(f, "map `{map}`: {values} values given for {cpus} possible CPUs")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Libbpf { source, .. } | Error::Open { source, .. } => Some(source),
            #[cfg(feature = "live")]
            Error::Layout { source, .. } => Some(source),
            #[cfg(feature = "live")]
            Error::Kernel { source, .. } => Some(source),
            #[cfg(feature = "live")]
            Error::Write { source, .. } => Some(source),
            Error::Batch { source, .. } => Some(source),
            Error::Mismatch(_) | Error::Differs(_) | Error::NoFingerprints { .. } | Error::Cpus { .. } => None,
        }
    }
}

impl From<Mismatch> for Error {
    fn from(mismatch: Mismatch) -> Self {
        Error::Mismatch(mismatch)
    }
}
