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
        best_known(&release, fs::read(RUNNING).ok().as_deref())
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

/// What is known of a kernel of this release: by its BTF, by the table, or by the newest kernel of the table.
fn best_known(release: &str, btf: Option<&[u8]>) -> KernelSizes {
    if let Some(Ok(sizes)) = btf.map(|data| KernelSizes::from_btf(data, release, Source::RunningKernel)) {
        return sizes;
    }
    let listed = bundled().into_iter().find(|kernel| kernel.name == release);
    listed.unwrap_or_else(|| KernelSizes { source: Source::Nearest, ..newest() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_btf_the_table_is_asked() {
        for btf in [None, Some(&b"damaged"[..])] {
            let listed = best_known("6.17.13+deb13-amd64", btf);
            assert_eq!((listed.name.as_str(), listed.source.clone()), ("6.17.13+deb13-amd64", Source::Table));
            assert!(listed.is_exact());
            let other = best_known("6.17.99-unheard-of", btf);
            assert_eq!((other.name, other.source.clone()), (newest().name, Source::Nearest));
            assert!(!KernelSizes { source: other.source, ..newest() }.is_exact());
        }
    }

    #[test]
    fn files_that_are_no_btf_say_so() {
        let missing = KernelSizes::from_file(Path::new("/no/such/file")).expect_err("there is none");
        assert!(matches!(missing, FileError::Io(_)) && missing.to_string().contains("No such file"), "{missing}");
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let text = KernelSizes::from_file(&manifest).expect_err("it is text");
        assert!(matches!(text, FileError::Btf(BtfError::Btf(_))) && !text.to_string().is_empty(), "{text}");
    }
}
