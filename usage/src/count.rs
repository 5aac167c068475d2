//! How many entries of a map are in use, and how long its strings are. Nothing here changes a map, nor what an LRU map
//! evicts next: a lookup by `bpf(2)` marks no element as used (`__htab_lru_map_lookup_elem` and `bpf_percpu_hash_copy` of
//! `kernel/bpf/hashtab.c`), and a batch reads whole buckets beside the lists.

use std::{fs, time::Instant};

use bpf_layout_live::{Elements, Error, Map};

use crate::{
    document::{InUse, Strings},
    tally::{Place, Tally},
};

/// Bytes that are read at a time.
const BATCH: usize = 1 << 20;
/// Elements that are read at a time.
const BATCH_COUNT: usize = 4096;
/// Keys between two looks at the clock.
const KEYS: usize = 256;

/// What was found.
#[derive(Debug)]
pub struct Counted {
    /// None if the kernel does not show it.
    pub in_use: Option<InUse>,
    /// What was measured of each string.
    pub strings: Vec<Strings>,
}

/// What can be seen of a type of map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visible {
    /// Elements that exist, with their values.
    Elements,
    /// Elements that exist always; those of zeros count as not in use.
    Places,
    /// Which of the keys that exist always have something behind them.
    Slots,
    /// Keys that exist; values cannot be read, or mean nothing here.
    Keys,
    /// Bytes that were written, and not read yet.
    Ring,
    /// Nothing.
    Nothing,
}

/// The release of the running kernel; empty where it does not say.
#[must_use]
pub fn kernel_release() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// By the numbers of `enum bpf_map_type` (`include/uapi/linux/bpf.h`).
fn visible(kind: u32) -> Visible {
    match kind {
        // hash, percpu_hash, lru_hash, lru_percpu_hash, lpm_trie, rhash
        1 | 5 | 9 | 10 | 11 | 35 => Visible::Elements,
        // array, percpu_array
        2 | 6 => Visible::Places,
        // prog_array, array_of_maps, devmap, sockmap, cpumap, reuseport_sockarray
        3 | 12 | 14 | 15 | 16 | 20 => Visible::Slots,
        // stack_trace, hash_of_maps, sockhash, cgroup_storage, percpu_cgroup_storage, devmap_hash
        7 | 13 | 18 | 19 | 21 | 25 => Visible::Keys,
        // ringbuf, user_ringbuf
        27 | 31 => Visible::Ring,
        _ => Visible::Nothing,
    }
}

/// Whether each CPU has a value of its own: percpu_hash, percpu_array, lru_percpu_hash, percpu_cgroup_storage.
fn is_per_cpu(kind: u32) -> bool {
    matches!(kind, 5 | 6 | 10 | 21)
}

/// Counts until everything is seen or the time is over.
#[must_use]
pub fn count(map: &Map, places: Vec<Place>, deadline: Instant) -> Counted {
    let info = map.info();
    let visible = visible(info.kind);
    // `bpf_map_value_size` of `kernel/bpf/syscall.c`.
    let stride = if is_per_cpu(info.kind) { info.value_size.next_multiple_of(8) } else { info.value_size };
    let mut tally = Tally::new(places, stride as usize, visible == Visible::Places);
    let complete = match visible {
        Visible::Nothing => None,
        Visible::Ring => {
            let waiting = map.ring_backlog().ok();
            return Counted { in_use: waiting.map(|bytes| InUse::once(bytes, true)), strings: Vec::new() };
        }
        // A map may be of those that userspace cannot read.
        visible => {
            map.elements().and_then(|elements| walk(elements, visible, &mut tally, deadline, info.max_entries)).ok()
        }
    };
    let in_use = complete.map(|complete| InUse::once(tally.entries(), complete));
    Counted { in_use, strings: tally.strings() }
}

/// Whether everything was seen.
fn walk(
    elements: Elements<'_>,
    visible: Visible,
    tally: &mut Tally,
    deadline: Instant,
    max_entries: u32,
) -> Result<bool, Error> {
    if matches!(visible, Visible::Elements | Visible::Places) {
        if let Ok(complete) = batches(elements, tally, deadline) {
            return Ok(complete);
        }
        // Older kernels have no batches, or not for this type; and a batch of a trie fails that changes all the time.
        tally.reset();
    }
    keys(elements, visible != Visible::Keys, tally, deadline, max_entries)
}

fn batches(elements: Elements<'_>, tally: &mut Tally, deadline: Instant) -> Result<bool, Error> {
    let (key, value) = (elements.key_len(), elements.value_len());
    for batch in elements.batches((BATCH / (key + value).max(1)).clamp(1, BATCH_COUNT)) {
        let batch = batch?;
        let keys = batch.keys.chunks_exact(key.max(1));
        keys.zip(batch.values.chunks_exact(value.max(1))).for_each(|(key, value)| tally.element(key, value));
        if Instant::now() >= deadline {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Key by key. A map that changes meanwhile may show one twice: there are never more than there can be.
fn keys(
    elements: Elements<'_>,
    lookup: bool,
    tally: &mut Tally,
    deadline: Instant,
    max_entries: u32,
) -> Result<bool, Error> {
    for (index, key) in elements.keys().enumerate() {
        let key = key?;
        let value = if lookup { elements.lookup(&key)? } else { Some(Vec::new()) };
        if tally.entries() == u64::from(max_entries) && max_entries > 0 {
            return Ok(false);
        }
        if let Some(value) = value {
            tally.element(&key, &value);
        }
        if index % KEYS == KEYS - 1 && Instant::now() >= deadline {
            return Ok(false);
        }
    }
    Ok(true)
}
