//! `bloom_filter` (`kernel/bpf/bloom_filter.c`).

use super::Case;
use crate::{
    bill::{Bill, Use},
    bytes::Bytes,
    sizes::{MissingStruct, Struct},
};

/// Hash functions if `map_extra` asks for none.
const DEFAULT_HASHES: u32 = 5;
/// Bits when there would be more than 32 bits can count.
const MOST_BITS: u64 = 1 << 32;

/// `bloom_map_mem_usage`.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(case.size_of(Struct::BloomFilter)? + bitset(case))
}

/// `bloom_map_alloc`: the filter with its bits behind it.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    bill.area(&[(Use::Fixed, case.size_of(Struct::BloomFilter)?), (Use::Buffer, bitset(case))]);
    Ok(())
}

/// Bytes of the bits, as `bloom_map_alloc` reckons them: entries * hashes * 7 / 5, which is entries * hashes / ln 2,
/// rounded up to a power of two, in 32 bits.
fn bitset(case: Case<'_>) -> Bytes {
    let hashes = match u32::try_from(case.map.map_extra & 15) {
        Ok(hashes @ 1..) => hashes,
        _ => DEFAULT_HASHES,
    };
    let bits = u32::try_from(case.entries)
        .ok()
        .and_then(|entries| entries.checked_mul(hashes))
        .and_then(|bits| (bits / 5).checked_mul(7))
        .and_then(u32::checked_next_power_of_two)
        .map_or(MOST_BITS, |bits| u64::from(bits).max(64));
    Bytes(bits / 8)
}
