//! Maps created by `bpf(2)` itself, without libbpf's roundings.

use std::{
    fs, io, mem,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
    ptr,
};

use bpf_layout_memory::{MapShape, MapType};
use libbpf_rs::libbpf_sys;

/// Creates a map; the error is the kernel's.
pub(crate) fn create(map: &MapShape) -> io::Result<OwnedFd> {
    let storage = needs_btf(map.ty).then(|| btf_of_value(map.value)).transpose()?;
    let inner = holds_maps(map.ty).then(|| create(&MapShape::new(MapType::Array, 4, 8))).transpose()?;
    let fd = |fd: &Option<OwnedFd>| fd.as_ref().map_or(0, |fd| u32::try_from(fd.as_raw_fd()).expect("not negative"));
    let options = libbpf_sys::bpf_map_create_opts {
        sz: mem::size_of::<libbpf_sys::bpf_map_create_opts>() as libbpf_sys::size_t,
        map_flags: map.flags,
        map_extra: map.map_extra,
        inner_map_fd: fd(&inner),
        btf_fd: fd(&storage),
        btf_key_type_id: u32::from(storage.is_some()),
        btf_value_type_id: if storage.is_some() { 3 } else { 0 },
        ..Default::default()
    };
    let [key, value, entries] = [map.key, map.value, map.entries].map(|size| u32::try_from(size).expect("32 bits"));
    // SAFETY: the options are initialised, and live through the call; no name is passed.
    let fd = unsafe { libbpf_sys::bpf_map_create(map.ty.id(), ptr::null(), key, value, entries, &options) };
    owned(fd)
}

/// Puts an element into a map; `value` has a copy for each possible CPU where the map has.
pub(crate) fn update(map: &OwnedFd, key: &[u8], value: &[u8]) -> io::Result<()> {
    // A map without keys takes none, not one of no bytes.
    let key = if key.is_empty() { ptr::null() } else { key.as_ptr() };
    // SAFETY: key and value are as long as the kernel reads: the map's sizes, which the caller passes.
    let status = unsafe { libbpf_sys::bpf_map_update_elem(map.as_raw_fd(), key.cast(), value.as_ptr().cast(), 0) };
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// `memlock` of `/proc/self/fdinfo/FD`.
pub(crate) fn reported(map: &OwnedFd) -> u64 {
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", map.as_raw_fd())).expect("fdinfo of an open file");
    let line = info.lines().find_map(|line| line.strip_prefix("memlock:")).expect("a map's fdinfo has memlock");
    line.trim().parse().expect("a number")
}

fn needs_btf(ty: MapType) -> bool {
    use MapType::{CgrpStorage, InodeStorage, SkStorage, TaskStorage};
    matches!(ty, SkStorage | InodeStorage | TaskStorage | CgrpStorage)
}

fn holds_maps(ty: MapType) -> bool {
    matches!(ty, MapType::ArrayOfMaps | MapType::HashOfMaps)
}

/// BTF whose type 1 is `int`, and whose type 3 is an array of this many bytes (`include/uapi/linux/btf.h`).
fn btf_of_value(size: u64) -> io::Result<OwnedFd> {
    const STRINGS: &[u8] = b"\0int\0byte\0";
    const INT: u32 = 1 << 24;
    const ARRAY: u32 = 3 << 24;
    let size = u32::try_from(size).expect("32 bits");
    let int = [1, INT, 4, 1 << 24 | 32];
    let byte = [5, INT, 1, 8];
    let array = [0, ARRAY, 0, 2, 1, size];
    let types: Vec<u32> = int.into_iter().chain(byte).chain(array).collect();
    let types_len = u32::try_from(types.len() * 4).expect("small");
    let header = [0x0001_eb9f, 24, 0, types_len, types_len, u32::try_from(STRINGS.len()).expect("small")];
    let mut data: Vec<u8> = header.into_iter().chain(types).flat_map(u32::to_ne_bytes).collect();
    data.extend(STRINGS);
    let length = libbpf_sys::size_t::try_from(data.len()).expect("small");
    // SAFETY: `data` has `length` bytes; options may be null.
    let fd = unsafe { libbpf_sys::bpf_btf_load(data.as_ptr().cast(), length, ptr::null_mut()) };
    owned(fd)
}

fn owned(fd: i32) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::from_raw_os_error(-fd));
    }
    // SAFETY: the kernel has just made this file for us, and nobody else knows its number.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
