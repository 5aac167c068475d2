//! The kernel that runs.

use std::{fmt, fs, io, path::Path};

use super::{BtfError, KernelSizes, Source, bundled, newest};

const RUNNING: &str = "/sys/kernel/btf/vmlinux";
const RELEASE: &str = "/proc/sys/kernel/osrelease";

/// Why a BTF file gives no sizes.
#[derive(Debug)]
pub enum FileError {
    /// It cannot be read.
    Io(io::Error),
    /// It is not the BTF of a kernel.
    Btf(BtfError),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Io(error) => error.fmt(f),
            FileError::Btf(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FileError {}

impl KernelSizes {
    /// The kernel that runs: from its BTF; where it has none or it cannot be read, from the bundled table; and if that
    /// does not have it either, the newest of the table, whose figures are not exact.
    #[must_use]
    pub fn running() -> KernelSizes {
        let release = fs::read_to_string(RELEASE).map(|release| release.trim().to_owned()).unwrap_or_default();
        let read = fs::read(RUNNING).ok();
        if let Some(Ok(sizes)) = read.map(|data| KernelSizes::from_btf(&data, &*release, Source::RunningKernel)) {
            return sizes;
        }
        let listed = bundled().into_iter().find(|kernel| kernel.name == release);
        listed.unwrap_or_else(|| KernelSizes { source: Source::Nearest, ..newest() })
    }

    /// The kernel whose BTF a file holds.
    ///
    /// # Errors
    /// If the file cannot be read, or is not that.
    pub fn from_file(path: &Path) -> Result<KernelSizes, FileError> {
        let data = fs::read(path).map_err(FileError::Io)?;
        KernelSizes::from_btf(&data, path.display().to_string(), Source::File).map_err(FileError::Btf)
    }
}
