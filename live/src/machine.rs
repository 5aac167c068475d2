//! The machine, as far as maps depend on it.

use std::{fs, io};

use crate::{error::Error, sys};

const POSSIBLE: &str = "/sys/devices/system/cpu/possible";

/// *Possible* CPUs: those that could ever be there. Maps with a value per CPU have one for each, online or not.
///
/// # Errors
/// If the kernel does not say.
pub fn possible_cpus() -> Result<usize, Error> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, "it is no list of CPUs");
    fs::read_to_string(POSSIBLE)
        .and_then(|text| count(&text).ok_or_else(invalid))
        .map_err(|error| Error::new(POSSIBLE, "", error))
}

/// Bytes of a page, of which ring buffers are made.
#[must_use]
pub fn page_size() -> u64 {
    sys::page_size()
}

/// CPUs of a list such as `0-3,8`, the kernel's format of CPU masks.
fn count(list: &str) -> Option<usize> {
    list.trim().split(',').try_fold(0, |sum: usize, range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        sum.checked_add(last.checked_sub(first)?.checked_add(1)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus() {
        assert_eq!(count("0\n"), Some(1));
        assert_eq!(count("0-3,8,10-11\n"), Some(7));
        for wrong in ["", "x", "3-1", "0-18446744073709551615", "0-"] {
            assert_eq!(count(wrong), None, "{wrong}");
        }
    }
}
