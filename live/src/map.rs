//! Maps that are loaded.

use std::{
    ffi::CString,
    fs, io,
    mem::offset_of,
    os::{
        fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt as _,
    },
    path::Path,
};

use crate::{
    btf::LoadedBtf,
    error::Error,
    sys::{self, Command},
};

/// A loaded map.
#[derive(Debug)]
pub struct Map {
    fd: OwnedFd,
    info: MapInfo,
}

/// What the kernel says of a map: `struct bpf_map_info` of `include/uapi/linux/bpf.h`. All of it is fixed when the map is
/// created.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapInfo {
    /// A number of `enum bpf_map_type`.
    pub kind: u32,
    /// Its id.
    pub id: u32,
    /// Bytes of a key.
    pub key_size: u32,
    /// Bytes of a value; for maps with a value per CPU, of one of them.
    pub value_size: u32,
    /// Elements; bytes for ring buffers.
    pub max_entries: u32,
    /// Bits of `BPF_F_*`.
    pub map_flags: u32,
    /// At most 15 bytes: the kernel and libbpf cut what is longer.
    pub name: String,
    /// The network device that it is offloaded to, or 0.
    pub ifindex: u32,
    /// The BTF that its types are in, or 0: not every type of map may have types, nor does every loader give them.
    pub btf_id: u32,
    /// The type of its keys in that BTF, or 0.
    pub btf_key_type_id: u32,
    /// The type of its values in that BTF, or 0.
    pub btf_value_type_id: u32,
    /// For `struct_ops`: the type of its value in the kernel's own BTF, or 0.
    pub btf_vmlinux_value_type_id: u32,
    /// What its type makes of it; `None` on kernels before 5.16, which do not say.
    pub map_extra: Option<u64>,
}

impl Map {
    /// Opens the map with this id for reading.
    ///
    /// # Errors
    /// If there is none, or without `CAP_SYS_ADMIN`.
    pub fn from_id(id: u32) -> Result<Self, Error> {
        let name = || format!("map id {id}");
        let fd = sys::fd_by_id(Command::MapGetFdById, id, sys::READ_ONLY);
        let fd = fd.map_err(|error| Error::call(Command::MapGetFdById, name(), error))?;
        Map::from_fd(fd, &name())
    }

    /// Opens the map that is pinned at this path for reading.
    ///
    /// # Errors
    /// If nothing is pinned there, something other than a map, or its file may not be read.
    pub fn from_pin(path: &Path) -> Result<Self, Error> {
        let (fd, name) = open_pin(path)?;
        if !is_map(&fd) {
            let other = io::Error::new(io::ErrorKind::InvalidInput, "what is pinned there is no map");
            return Err(Error::call(Command::ObjGet, name, other));
        }
        Map::from_fd(fd, &name)
    }

    /// Takes over an open file that is a map.
    ///
    /// # Errors
    /// If it is something else.
    pub fn from_owned_fd(fd: OwnedFd) -> Result<Self, Error> {
        let name = format!("file {}", fd.as_raw_fd());
        if !is_map(&fd) {
            let other = io::Error::new(io::ErrorKind::InvalidInput, "it is no map");
            return Err(Error::call(Command::ObjGetInfoByFd, name, other));
        }
        Map::from_fd(fd, &name)
    }

    /// Takes over a file that is a map; `name` is how it is called in errors.
    pub(crate) fn from_fd(fd: OwnedFd, name: &str) -> Result<Self, Error> {
        let (raw, len) =
            sys::map_info(fd.as_fd()).map_err(|error| Error::call(Command::ObjGetInfoByFd, name, error))?;
        Ok(Map { fd, info: MapInfo::new(&raw, len) })
    }

    /// What the kernel says of it.
    #[must_use]
    pub fn info(&self) -> &MapInfo {
        &self.info
    }

    /// The BTF that its types are in; `None` if it has none.
    ///
    /// # Errors
    /// Without `CAP_SYS_ADMIN`.
    pub fn btf(&self) -> Result<Option<LoadedBtf>, Error> {
        match self.info.btf_id {
            0 => Ok(None),
            id => LoadedBtf::from_id(id).map(Some),
        }
    }

    /// Bytes that the kernel says it takes: `memlock` of `/proc/self/fdinfo/FD`.
    ///
    /// # Errors
    /// If the kernel does not say so.
    pub fn memlock(&self) -> Result<u64, Error> {
        let path = format!("/proc/self/fdinfo/{}", self.fd.as_raw_fd());
        let read = |path: &str| {
            let text = fs::read_to_string(path)?;
            let bytes = fdinfo(&text, "memlock").and_then(|number| number.parse().ok());
            bytes.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it has no `memlock`"))
        };
        read(&path).map_err(|error| Error::new("/proc/self/fdinfo", self.name(), error))
    }

    /// Pins it. The path must be in a BPF file system, and free.
    ///
    /// # Errors
    /// If that is not so, or its folder may not be written.
    pub fn pin(&self, path: &Path) -> Result<(), Error> {
        let name = path.display().to_string();
        sys::pin(self.fd(), &c_path(Command::ObjPin, path)?).map_err(|error| Error::call(Command::ObjPin, name, error))
    }

    /// Forbids userspace to change its values from now on; programs still may.
    ///
    /// # Errors
    /// If it was opened for reading, is frozen already, or mapped into somebody's memory for writing.
    pub fn freeze(&self) -> Result<(), Error> {
        sys::map_freeze(self.fd()).map_err(|error| Error::call(Command::MapFreeze, self.name(), error))
    }

    /// How it is called in errors.
    pub(crate) fn name(&self) -> String {
        format!("map id {}", self.info.id)
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl MapInfo {
    /// From what the kernel filled in, of which it knew `len` bytes.
    fn new(raw: &sys::MapInfo, len: usize) -> Self {
        let has_extra = len >= offset_of!(sys::MapInfo, map_extra) + size_of::<u64>();
        MapInfo {
            kind: raw.kind,
            id: raw.id,
            key_size: raw.key_size,
            value_size: raw.value_size,
            max_entries: raw.max_entries,
            map_flags: raw.map_flags,
            name: text(&raw.name),
            ifindex: raw.ifindex,
            btf_id: raw.btf_id,
            btf_key_type_id: raw.btf_key_type_id,
            btf_value_type_id: raw.btf_value_type_id,
            btf_vmlinux_value_type_id: raw.btf_vmlinux_value_type_id,
            map_extra: has_extra.then_some(raw.map_extra),
        }
    }
}

/// Opens what is pinned at a path, for reading, with how it is called in errors.
pub(crate) fn open_pin(path: &Path) -> Result<(OwnedFd, String), Error> {
    let name = path.display().to_string();
    let c_path = c_path(Command::ObjGet, path)?;
    match sys::fd_by_path(&c_path, sys::READ_ONLY) {
        Ok(fd) => Ok((fd, name)),
        Err(error) => Err(Error::call(Command::ObjGet, name, error)),
    }
}

/// Whether an open file is a map. Files that are pinned may be programs and links as well.
pub(crate) fn is_map(fd: &OwnedFd) -> bool {
    fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())).is_ok_and(|target| target == Path::new(MAP_FILE))
}

/// What the link in `/proc/PID/fd` of a map reads.
pub(crate) const MAP_FILE: &str = "anon_inode:bpf-map";

/// The value of one line of an `fdinfo`.
pub(crate) fn fdinfo<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim)
}

/// A name in a fixed number of bytes, up to its NUL.
pub(crate) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn c_path(command: Command, path: &Path) -> Result<CString, Error> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|error| Error::call(command, path.display().to_string(), error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_kernels_do_not_say_everything() {
        let raw = sys::MapInfo { kind: 1, map_extra: 0, name: *b"fifteen_letters\0", ..sys::MapInfo::default() };
        assert_eq!(MapInfo::new(&raw, 80).map_extra, None);
        assert_eq!(MapInfo::new(&raw, 88).map_extra, Some(0));
        assert_eq!(MapInfo::new(&raw, 80).name, "fifteen_letters");
    }

    #[test]
    fn lines_of_fdinfo() {
        let text = "pos:\t0\nmap_id:\t12\nmemlock:\t8192\n";
        assert_eq!(fdinfo(text, "memlock"), Some("8192"));
        assert_eq!(fdinfo(text, "mem"), None);
    }
}
