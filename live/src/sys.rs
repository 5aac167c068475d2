//! `bpf(2)`, and the only `unsafe` code of this crate. Each function is one command, takes what that command reads and
//! writes as references and slices, and keeps the kernel within them.

mod access;
mod attr;
mod pages;

use std::{
    ffi::CStr,
    io,
    mem::size_of,
    os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd},
    ptr,
};

pub(crate) use access::{Access, Buffers};
use attr::{BtfInfo, BtfLoad, Element, InfoByFd, MapCreate, ObjectId, ObjectPath};
pub(crate) use attr::{MapInfo, ProgramInfo};
pub(crate) use pages::number_at;

use crate::{NAME_LEN, create::MapOptions};

/// Commands: `enum bpf_cmd` of `include/uapi/linux/bpf.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Command {
    MapCreate = 0,
    MapLookupElem = 1,
    MapUpdateElem = 2,
    MapDeleteElem = 3,
    MapGetNextKey = 4,
    ObjPin = 6,
    ObjGet = 7,
    ProgGetNextId = 11,
    MapGetNextId = 12,
    ProgGetFdById = 13,
    MapGetFdById = 14,
    ObjGetInfoByFd = 15,
    BtfLoad = 18,
    BtfGetFdById = 19,
    MapFreeze = 22,
    MapLookupBatch = 24,
}

/// `BPF_F_RDONLY`: the file that is opened cannot change the map.
pub(crate) const READ_ONLY: u32 = 1 << 3;

/// The next id that is in use after `id`; `None` after the last one.
pub(crate) fn next_id(command: Command, id: u32) -> io::Result<Option<u32>> {
    let mut attr = ObjectId { id, ..ObjectId::default() };
    // SAFETY: the commands that walk ids read and write nothing but the attribute.
    match unsafe { bpf(command, &mut attr) } {
        Ok(_) => Ok(Some(attr.next_id)),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens what has this id. Only maps take flags.
pub(crate) fn fd_by_id(command: Command, id: u32, open_flags: u32) -> io::Result<OwnedFd> {
    let mut attr = ObjectId { id, open_flags, ..ObjectId::default() };
    // SAFETY: the commands that open ids read nothing but the attribute.
    let fd = unsafe { bpf(command, &mut attr) }?;
    // SAFETY: these commands give a new file, which nobody else knows the number of.
    Ok(unsafe { owned(fd) })
}

/// Opens what is pinned at this path.
pub(crate) fn fd_by_path(path: &CStr, file_flags: u32) -> io::Result<OwnedFd> {
    let mut attr = ObjectPath { pathname: path.as_ptr() as u64, bpf_fd: 0, file_flags };
    // SAFETY: `pathname` is a string with its NUL that outlives the call.
    let fd = unsafe { bpf(Command::ObjGet, &mut attr) }?;
    // SAFETY: `BPF_OBJ_GET` gives a new file, which nobody else knows the number of.
    Ok(unsafe { owned(fd) })
}

/// Pins something at this path.
pub(crate) fn pin(fd: BorrowedFd<'_>, path: &CStr) -> io::Result<()> {
    let mut attr = ObjectPath { pathname: path.as_ptr() as u64, bpf_fd: number(fd), file_flags: 0 };
    // SAFETY: `pathname` is a string with its NUL that outlives the call.
    unsafe { bpf(Command::ObjPin, &mut attr) }.map(drop)
}

/// What the kernel says of a map, and how many bytes of it this kernel knows.
pub(crate) fn map_info(fd: BorrowedFd<'_>) -> io::Result<(MapInfo, usize)> {
    let mut info = MapInfo::default();
    // SAFETY: a `struct bpf_map_info` that begins with zeros has no buffer for the kernel to write to.
    let len = unsafe { info_by_fd(fd, &mut info) }?;
    Ok((info, len))
}

/// What the kernel says of a program, with the ids of its maps: as many as there is room for.
pub(crate) fn program_info(fd: BorrowedFd<'_>, map_ids: &mut [u32]) -> io::Result<ProgramInfo> {
    let nr_map_ids = u32::try_from(map_ids.len()).unwrap_or(u32::MAX);
    let mut info = ProgramInfo { nr_map_ids, map_ids: address(map_ids), ..ProgramInfo::default() };
    // SAFETY: the only buffer is `map_ids`, which has room for `nr_map_ids` ids.
    unsafe { info_by_fd(fd, &mut info) }?;
    info.map_ids = 0;
    Ok(info)
}

/// How many bytes some BTF has; as many of them as there is room for are written to `bytes`.
pub(crate) fn btf_info(fd: BorrowedFd<'_>, bytes: &mut [u8]) -> io::Result<usize> {
    let btf_size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut info = BtfInfo { btf: address(bytes), btf_size, id: 0 };
    // SAFETY: the only buffer is `bytes`, which has room for `btf_size` bytes.
    unsafe { info_by_fd(fd, &mut info) }?;
    Ok(info.btf_size as usize)
}

/// Loads BTF.
pub(crate) fn btf_load(bytes: &[u8]) -> io::Result<OwnedFd> {
    let btf_size = u32::try_from(bytes.len()).map_err(|_| io::Error::from_raw_os_error(libc::E2BIG))?;
    let mut attr = BtfLoad { btf: bytes.as_ptr() as u64, btf_size, ..BtfLoad::default() };
    // SAFETY: `btf` has `btf_size` bytes, which the kernel only reads; without a level there is no log.
    let fd = unsafe { bpf(Command::BtfLoad, &mut attr) }?;
    // SAFETY: `BPF_BTF_LOAD` gives a new file, which nobody else knows the number of.
    Ok(unsafe { owned(fd) })
}

/// Creates a map.
pub(crate) fn map_create(options: &MapOptions<'_>, map_name: [u8; NAME_LEN]) -> io::Result<OwnedFd> {
    let (btf, btf_key_type_id, btf_value_type_id) =
        options.btf.map_or((None, 0, 0), |(btf, key, value)| (Some(btf.fd()), key, value));
    let mut attr = MapCreate {
        map_type: options.kind,
        key_size: options.key_size,
        value_size: options.value_size,
        max_entries: options.max_entries,
        map_flags: options.map_flags,
        inner_map_fd: options.inner.map_or(0, |map| number(map.fd())),
        numa_node: options.numa_node,
        map_name,
        btf_fd: btf.map_or(0, number),
        btf_key_type_id,
        btf_value_type_id,
        map_extra: options.map_extra,
        ..MapCreate::default()
    };
    // SAFETY: `BPF_MAP_CREATE` reads nothing but the attribute, and files by their numbers.
    let fd = unsafe { bpf(Command::MapCreate, &mut attr) }?;
    // SAFETY: it gives a new file, which nobody else knows the number of.
    Ok(unsafe { owned(fd) })
}

/// Forbids userspace to change a map from now on.
pub(crate) fn map_freeze(fd: BorrowedFd<'_>) -> io::Result<()> {
    let mut attr = Element { map_fd: number(fd), ..Element::default() };
    // SAFETY: the command reads nothing but the attribute.
    unsafe { bpf(Command::MapFreeze, &mut attr) }.map(drop)
}

/// Bytes of a page.
pub(crate) fn page_size() -> u64 {
    // SAFETY: the call reads and writes no memory of ours.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    // POSIX has every system know it.
    u64::try_from(size).unwrap_or_default()
}

/// Asks for what the kernel knows of a file, and gives how many bytes it filled in.
///
/// # Safety
/// `info` must be the info of this kind of file, without padding, and each buffer in it have the room that it says.
unsafe fn info_by_fd<T>(fd: BorrowedFd<'_>, info: &mut T) -> io::Result<usize> {
    let info_len = u32::try_from(size_of::<T>()).unwrap_or(u32::MAX);
    let mut attr = InfoByFd { bpf_fd: number(fd), info_len, info: ptr::from_mut(info) as u64 };
    // SAFETY: the kernel writes at most `info_len` bytes to `info`, any of which are valid in it, as it is made of integers;
    // and the caller promises the buffers.
    unsafe { bpf(Command::ObjGetInfoByFd, &mut attr) }?;
    Ok(attr.info_len as usize)
}

/// The call itself. Gives the number of a new file, for the commands that make one.
///
/// # Safety
/// `attr` must be what the kernel takes for this command, without padding, and every address in it point to what it reads
/// or writes there.
unsafe fn bpf<T>(command: Command, attr: &mut T) -> io::Result<libc::c_int> {
    let (command, attr) = (command as libc::c_long, ptr::from_mut(attr));
    // SAFETY: `attr` is valid for reads and writes of its size, and the caller promises what it holds.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, attr, size_of::<T>()) };
    libc::c_int::try_from(result).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)
}

/// # Safety
/// `fd` must be an open file that nobody else owns.
unsafe fn owned(fd: libc::c_int) -> OwnedFd {
    // SAFETY: as the caller promises.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// The number of an open file, which is never negative.
fn number(fd: BorrowedFd<'_>) -> u32 {
    fd.as_raw_fd().cast_unsigned()
}

/// The address of a buffer that the kernel writes to, or 0 if there is no room in it.
fn address<T>(buffer: &mut [T]) -> u64 {
    if buffer.is_empty() { 0 } else { buffer.as_mut_ptr() as u64 }
}
