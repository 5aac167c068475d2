//! Maps that are pinned: files of the BPF file systems that are mounted.

use std::{
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
};

use crate::{
    error::Error,
    map::{self, Map, MapInfo},
};

/// `proc_pid_mountinfo(5)`.
const MOUNTS: &str = "/proc/self/mountinfo";

/// Folders that are looked into, at most. Nobody has as many; a folder mounted in itself would.
const FOLDERS: usize = 100_000;

/// A map's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Its path, which [`Map::from_pin`] opens.
    pub path: PathBuf,
    /// The map. It is not kept open: there may be more of them than files that one may have open.
    pub map: MapInfo,
}

/// Every pinned map that can be seen from here: of the BPF file systems in our own mount namespace. Files that may not be
/// read, and what vanishes meanwhile, are left out.
///
/// # Errors
/// If `/proc` is not mounted.
pub fn pinned_maps() -> Result<Vec<Pin>, Error> {
    let mounts = fs::read(MOUNTS).map_err(|error| Error::new(MOUNTS, "", error))?;
    let mut pins = Vec::new();
    let mut folders = bpf_mounts(&mounts);
    folders.dedup();
    for _ in 0..FOLDERS {
        let Some(folder) = folders.pop() else { break };
        look_into(&folder, &mut folders, &mut pins);
    }
    pins.sort_by(|left: &Pin, right| left.path.cmp(&right.path));
    pins.dedup_by(|left, right| left.path == right.path);
    Ok(pins)
}

fn look_into(folder: &Path, folders: &mut Vec<PathBuf>, pins: &mut Vec<Pin>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => folders.push(entry.path()),
            Ok(kind) if kind.is_file() => pins.extend(open(entry.path())),
            _ => {}
        }
    }
}

/// The map that is pinned there; `None` if it is something else.
fn open(path: PathBuf) -> Option<Pin> {
    let (fd, name) = map::open_pin(&path).ok()?;
    let map = map::is_map(&fd).then(|| Map::from_fd(fd, &name).ok()).flatten()?;
    Some(Pin { path, map: map.info().clone() })
}

/// Where BPF file systems are mounted.
fn bpf_mounts(mountinfo: &[u8]) -> Vec<PathBuf> {
    mountinfo.split(|byte| *byte == b'\n').filter_map(bpf_mount).collect()
}

/// `36 35 0:31 / /sys/fs/bpf rw,relatime shared:9 - bpf bpf rw,mode=700`: the fifth word, if the one after `-` is `bpf`.
fn bpf_mount(line: &[u8]) -> Option<PathBuf> {
    let mut words = line.split(|byte| *byte == b' ');
    let place = words.nth(4)?;
    let kind = words.skip_while(|word| *word != b"-").nth(1)?;
    (kind == b"bpf").then(|| PathBuf::from(OsString::from_vec(unescaped(place))))
}

/// Spaces, tabs, newlines and backslashes are octal numbers in that file, such as `\040`.
fn unescaped(mut text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while let Some((first, rest)) = text.split_first() {
        let number = rest.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = number.filter(|_| *first == b'\\').and_then(|digits| u8::from_str_radix(digits, 8).ok());
        plain.push(byte.unwrap_or(*first));
        text = if byte.is_some() { &rest[3..] } else { rest };
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_of_bpf_are_found_among_others() {
        let text = b"22 27 0:20 / /proc rw shared:5 - proc proc rw\n\
                     36 35 0:31 / /sys/fs/bpf rw,relatime shared:9 - bpf bpf rw,mode=700\n\
                     40 35 0:32 / /mnt/with\\040space\\134 rw - bpf none rw\n\
                     41 35 0:33 / /bpf rw - ext4 /dev/bpf rw\n\nx\n";
        let expected: Vec<PathBuf> = ["/sys/fs/bpf", "/mnt/with space\\"].map(PathBuf::from).to_vec();
        assert_eq!(bpf_mounts(text), expected);
    }

    #[test]
    fn what_is_no_octal_number_stays() {
        assert_eq!(unescaped(b"a\\b\\9999\\04"), b"a\\b\\9999\\04");
        assert_eq!(unescaped(b"\\011"), b"\t");
    }
}
