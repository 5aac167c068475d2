//! Many entries in one system call (Linux 5.6).
//!
//! `libbpf_rs` has iterators over batches that end at the first error as if the map had ended there. An agent would lose
//! entries without a word, so these call libbpf themselves.

use std::{io, os::fd::AsRawFd as _, ptr, vec, vec::Vec};

use libbpf_rs::{MapCore, libbpf_sys};

use super::{error::Error, handle::TypedMap};
use crate::{
    kind::{Batch, Delete, Take},
    layout::{Layout, slice_bytes},
    map::Map,
};

/// A key of a map with its value.
pub type Entry<M> = (<M as Map>::Key, <M as Map>::Value);

/// Entries asked for at once. Larger where a hash bucket holds more.
const FIRST_BATCH: usize = 256;

/// Bytes of the position in a map between two batches: a key for arrays and tries, a bucket number (`u32`) for hashes
/// (`__htab_map_lookup_and_delete_batch`).
fn position_bytes(map: &dyn MapCore) -> usize {
    map.key_size().max(4) as usize
}

/// `bpf_map_lookup_batch` or its sibling.
pub(super) type LookupBatch = unsafe extern "C" fn(
    i32,
    *mut core::ffi::c_void,
    *mut core::ffi::c_void,
    *mut core::ffi::c_void,
    *mut core::ffi::c_void,
    *mut u32,
    *const libbpf_sys::bpf_map_batch_opts,
) -> i32;

impl<M: Map<Kind: Batch>> TypedMap<M> {
    /// All keys with their values, in batches. Entries that others add or remove meanwhile may or may not be among them;
    /// of the rest none is missing.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn entries(&self) -> Result<Vec<Entry<M>>, Error> {
        self.read_batches("read all entries", libbpf_sys::bpf_map_lookup_batch)
    }

    /// Sets the values of many keys. Not in one step: others may see some set and some not.
    ///
    /// # Errors
    /// If the kernel refuses one of them; those before it are set.
    pub fn update_batch(&self, entries: &[Entry<M>]) -> Result<(), Error> {
        let (keys, values): (Vec<_>, Vec<_>) = entries.iter().copied().unzip();
        for (index, (keys, values)) in keys.chunks(FIRST_BATCH).zip(values.chunks(FIRST_BATCH)).enumerate() {
            let (mut count, options) = (count_of(keys), options());
            let (key_bytes, value_bytes) = (slice_bytes(keys), slice_bytes(values));
            // SAFETY: keys and values are `count` elements of the map's key and value size (compared when the map was
            // opened); the kernel reads them and writes the count.
            let status = unsafe {
                libbpf_sys::bpf_map_update_batch(
                    self.as_libbpf().as_fd().as_raw_fd(),
                    key_bytes.as_ptr().cast(),
                    value_bytes.as_ptr().cast(),
                    &raw mut count,
                    &raw const options,
                )
            };
            self.check("update entries", status, index * FIRST_BATCH + count as usize)?;
        }
        Ok(())
    }

    fn read_batches(&self, operation: &'static str, lookup: LookupBatch) -> Result<Vec<Entry<M>>, Error> {
        let mut entries = Vec::new();
        read_batches::<M>(self.as_libbpf(), operation, lookup, |key, value| {
            // Both are as long as the map's, which are as long as these: compared when this map was opened.
            if let (Ok(key), Ok(value)) = (M::Key::read_from(key), M::Value::read_from(value)) {
                entries.push((key, value));
            }
        })?;
        Ok(entries)
    }

    fn check(&self, operation: &'static str, status: i32, done: usize) -> Result<(), Error> {
        check::<M>(operation, status, done)
    }
}

/// Reads batch after batch until the kernel says that there is no more, and hands on the bytes of each entry.
pub(super) fn read_batches<M: Map>(
    map: &dyn MapCore,
    operation: &'static str,
    lookup: LookupBatch,
    mut entry: impl FnMut(&[u8], &[u8]),
) -> Result<(), Error> {
    let (key_size, value_size) = (map.key_size() as usize, map.value_size() as usize);
    let (mut room, mut done) = (FIRST_BATCH, 0);
    let mut position: Option<Vec<u8>> = None;
    loop {
        let (mut keys, mut values) = (vec![0u8; room * key_size], vec![0u8; room * value_size]);
        let mut next = vec![0; position_bytes(map)];
        let (mut count, options) = (u32::try_from(room).unwrap_or(u32::MAX), options());
        let from = position.as_mut().map_or(ptr::null_mut(), Vec::as_mut_ptr);
        // SAFETY: keys and values have room for `count` elements of the live map's key and value size, the positions for
        // what this type of map keeps there; the kernel fills all of them.
        let status = unsafe {
            lookup(
                map.as_fd().as_raw_fd(),
                from.cast(),
                next.as_mut_ptr().cast(),
                keys.as_mut_ptr().cast(),
                values.as_mut_ptr().cast(),
                &raw mut count,
                &raw const options,
            )
        };
        let read = if status == 0 || is(status, libc::ENOENT) { count as usize } else { 0 };
        let read_entries = keys.chunks_exact(key_size.max(1)).zip(values.chunks_exact(value_size.max(1))).take(read);
        read_entries.for_each(|(key, value)| entry(key, value));
        done += read;
        match status {
            0 => position = Some(next),
            status if is(status, libc::ENOENT) => return Ok(()),
            status if is(status, libc::EINTR) => {}
            // A bucket holds more entries than there is room: the same position again, with more.
            status if is(status, libc::ENOSPC) => room *= 2,
            status => check::<M>(operation, status, done)?,
        }
    }
}

fn check<M: Map>(operation: &'static str, status: i32, done: usize) -> Result<(), Error> {
    if status == 0 {
        return Ok(());
    }
    let source = io::Error::from_raw_os_error(status.saturating_neg());
    Err(Error::Batch { map: M::NAME, operation, done, source })
}

impl<M: Map<Kind: Batch + Delete>> TypedMap<M> {
    /// Removes many keys. Those that have no value do not matter.
    ///
    /// # Errors
    /// If the kernel refuses one of them; those before it are gone.
    pub fn delete_batch(&self, keys: &[M::Key]) -> Result<(), Error> {
        let mut done = 0;
        while done < keys.len() {
            let rest = &keys[done..keys.len().min(done + FIRST_BATCH)];
            let (mut count, options) = (count_of(rest), options());
            let bytes = slice_bytes(rest);
            // SAFETY: there are `count` keys of the map's key size (compared when the map was opened); the kernel reads
            // them and writes the count.
            let status = unsafe {
                libbpf_sys::bpf_map_delete_batch(
                    self.as_libbpf().as_fd().as_raw_fd(),
                    bytes.as_ptr().cast(),
                    &raw mut count,
                    &raw const options,
                )
            };
            done += (count as usize).min(rest.len());
            if is(status, libc::ENOENT) {
                done += 1; // the key that has no value
            } else {
                self.check("delete entries", status, done)?;
            }
        }
        Ok(())
    }
}

impl<M: Map<Kind: Batch + Take>> TypedMap<M> {
    /// Removes all entries and returns them. What others add meanwhile may stay.
    ///
    /// # Errors
    /// If the kernel refuses; what was removed before is lost.
    pub fn drain(&self) -> Result<Vec<Entry<M>>, Error> {
        self.read_batches("take all entries", libbpf_sys::bpf_map_lookup_and_delete_batch)
    }
}

fn options() -> libbpf_sys::bpf_map_batch_opts {
    let size = size_of::<libbpf_sys::bpf_map_batch_opts>();
    libbpf_sys::bpf_map_batch_opts { sz: size as libbpf_sys::size_t, ..Default::default() }
}

fn count_of<T>(entries: &[T]) -> u32 {
    u32::try_from(entries.len()).unwrap_or(u32::MAX)
}

/// Whether libbpf's status, a negative errno, is this one.
const fn is(status: i32, errno: i32) -> bool {
    status == -errno
}
