//! The machine that a map is created on.

use std::{fs, io, path::Path};

use crate::sizes::{KernelSizes, MissingStruct, Struct};

/// The machine that a map is created on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// *Possible* CPUs: those that could ever be there. Per-CPU memory is allocated for each, online or not.
    pub cpus: u64,
    /// Bytes of a page.
    pub page_size: u64,
    /// Its kernel.
    pub kernel: KernelSizes,
}

impl Machine {
    /// A machine with this many possible CPUs and the page size of its kernel.
    #[must_use]
    pub fn new(kernel: KernelSizes, cpus: u64) -> Self {
        Machine { cpus, page_size: kernel.page_size, kernel }
    }

    pub(crate) fn size_of(&self, of: Struct) -> Result<crate::bytes::Bytes, MissingStruct> {
        self.kernel.size_of(of).map(crate::bytes::Bytes)
    }
}

/// Possible CPUs of this machine.
///
/// # Errors
/// If `/sys/devices/system/cpu/possible` cannot be read, as on systems other than Linux.
pub fn possible_cpus() -> io::Result<u64> {
    let path = Path::new("/sys/devices/system/cpu/possible");
    let text = fs::read_to_string(path)?;
    count_cpus(&text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {text:?}", path.display())))
}

/// CPUs of a list such as `0-3,8`, the kernel's format of CPU masks.
fn count_cpus(list: &str) -> Option<u64> {
    let mut count: u64 = 0;
    for range in list.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        count = count.checked_add(last.checked_sub(first)?.checked_add(1)?)?;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus() {
        assert_eq!(count_cpus("0\n"), Some(1));
        assert_eq!(count_cpus("0-1\n"), Some(2));
        assert_eq!(count_cpus("0-3,8,10-11\n"), Some(7));
        for wrong in ["", "x", "3-1", "0-18446744073709551615", "0-"] {
            assert_eq!(count_cpus(wrong), None, "{wrong}");
        }
    }
}
