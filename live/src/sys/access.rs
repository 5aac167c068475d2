//! The elements of one map. How many bytes the kernel reads and writes for a key and a value depends on the map alone, so
//! it is found once, from what the kernel says of the map, and every buffer is held against it.

use std::{io, os::fd::BorrowedFd};

use super::{
    Command,
    attr::{Element, ElementBatch, MapInfo},
    bpf, map_info, number,
};

/// Map types with a value for each possible CPU: those that `bpf_map_value_size` of `kernel/bpf/syscall.c` lists, hash
/// (5, 10), array (6) and cgroup storage (21).
const PER_CPU: &[u32] = &[5, 6, 10, 21];

/// The last map type of which that is known: `BPF_MAP_TYPE_RHASH` of Linux 7.1.
const LAST_KNOWN: u32 = 35;

/// The elements of one map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access<'a> {
    fd: BorrowedFd<'a>,
    key: usize,
    value: usize,
}

/// Where a batch goes.
pub(crate) struct Buffers<'b> {
    /// Where the batch ended: where the next one begins.
    pub(crate) next: &'b mut [u8],
    /// Keys, one after another.
    pub(crate) keys: &'b mut [u8],
    /// Values, one after another.
    pub(crate) values: &'b mut [u8],
}

impl<'a> Access<'a> {
    /// For a map on a machine with this many possible CPUs, which `cpus` is asked for if the map has a value for each.
    ///
    /// # Errors
    /// If the kernel does not tell about the map or the CPUs, or the map has a type that is newer than this crate: how
    /// large its values are is then not known.
    pub(crate) fn new(fd: BorrowedFd<'a>, cpus: impl FnOnce() -> io::Result<usize>) -> io::Result<Self> {
        let (info, _) = map_info(fd)?;
        if info.kind > LAST_KNOWN {
            let reason = format!("maps of type {} are not known to this program", info.kind);
            return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
        }
        let value = value_len(&info, cpus)?;
        Ok(Access { fd, key: info.key_size as usize, value })
    }

    /// Bytes of a key.
    pub(crate) fn key(&self) -> usize {
        self.key
    }

    /// Bytes of a value, all CPUs' together.
    pub(crate) fn value(&self) -> usize {
        self.value
    }

    /// Bytes that say where a batch ends: a key, or the number of a bucket (`u32`).
    pub(crate) fn position(&self) -> usize {
        self.key.max(size_of::<u32>())
    }

    /// Reads the value of a key.
    pub(crate) fn lookup(&self, key: &[u8], value: &mut [u8]) -> io::Result<()> {
        exactly(key.len(), self.key)?;
        exactly(value.len(), self.value)?;
        // SAFETY: key and value have the map's own sizes, as was just seen.
        unsafe { self.element(Command::MapLookupElem, key, value.as_mut_ptr() as u64, 0) }
    }

    /// Puts a value into the map. `flags` are `BPF_ANY` (0) and its kind.
    pub(crate) fn update(&self, key: &[u8], value: &[u8], flags: u64) -> io::Result<()> {
        exactly(key.len(), self.key)?;
        exactly(value.len(), self.value)?;
        // SAFETY: key and value have the map's own sizes, as was just seen.
        unsafe { self.element(Command::MapUpdateElem, key, value.as_ptr() as u64, flags) }
    }

    /// Removes a key.
    pub(crate) fn delete(&self, key: &[u8]) -> io::Result<()> {
        exactly(key.len(), self.key)?;
        // SAFETY: the key has the map's own size, as was just seen.
        unsafe { self.element(Command::MapDeleteElem, key, 0, 0) }
    }

    /// Finds the key after `key`, or the first one.
    pub(crate) fn next_key(&self, key: Option<&[u8]>, next: &mut [u8]) -> io::Result<()> {
        exactly(key.map_or(self.key, <[u8]>::len), self.key)?;
        exactly(next.len(), self.key)?;
        // SAFETY: both keys have the map's own size, as was just seen; none is before the first.
        unsafe { self.element(Command::MapGetNextKey, key.unwrap_or_default(), next.as_mut_ptr() as u64, 0) }
    }

    /// Reads as many elements as there is room for, from where `from` says or from the start; gives how many there were,
    /// and whether they were the last.
    pub(crate) fn lookup_batch(&self, from: Option<&[u8]>, buffers: &mut Buffers<'_>) -> io::Result<(usize, bool)> {
        let count = buffers.keys.len().checked_div(self.key).unwrap_or_default();
        exactly(from.map_or(self.position(), <[u8]>::len), self.position())?;
        exactly(buffers.next.len(), self.position())?;
        exactly(buffers.keys.len(), count * self.key)?;
        exactly(buffers.values.len(), count.saturating_mul(self.value))?;
        let mut attr = ElementBatch {
            in_batch: from.map_or(0, |from| from.as_ptr() as u64),
            out_batch: buffers.next.as_mut_ptr() as u64,
            keys: buffers.keys.as_mut_ptr() as u64,
            values: buffers.values.as_mut_ptr() as u64,
            count: u32::try_from(count).unwrap_or(u32::MAX),
            map_fd: number(self.fd),
            ..ElementBatch::default()
        };
        // SAFETY: there is room for `count` keys and values of the map's own sizes, and for a key or the number of a bucket
        // where the batch ends, as was just seen.
        let last = match unsafe { bpf(Command::MapLookupBatch, &mut attr) } {
            Ok(_) => false,
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => true,
            Err(error) => return Err(error),
        };
        Ok((count.min(attr.count as usize), last))
    }

    /// A command on one element.
    ///
    /// # Safety
    /// `key` must be empty or as long as the map's keys, and `value` be the address of as many bytes as the command reads
    /// or writes there, or 0 for one that has no use for it.
    unsafe fn element(&self, command: Command, key: &[u8], value: u64, flags: u64) -> io::Result<()> {
        // A map without keys takes none, not one of no bytes.
        let key = if key.is_empty() { 0 } else { key.as_ptr() as u64 };
        let mut attr = Element { map_fd: number(self.fd), zero: 0, key, value, flags };
        // SAFETY: the caller promises that key and value are as long as the kernel reads and writes.
        unsafe { bpf(command, &mut attr) }.map(drop)
    }
}

/// `bpf_map_value_size` of `kernel/bpf/syscall.c`. Maps of files have values of 4 bytes, which it says by itself.
fn value_len(info: &MapInfo, cpus: impl FnOnce() -> io::Result<usize>) -> io::Result<usize> {
    let one = info.value_size as usize;
    if !PER_CPU.contains(&info.kind) {
        return Ok(one);
    }
    let all = one.next_multiple_of(8).checked_mul(cpus()?);
    all.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "values of all CPUs are larger than memory"))
}

fn exactly(len: usize, expected: usize) -> io::Result<()> {
    if len == expected {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{len} bytes were given, and the map has {expected}")))
}
