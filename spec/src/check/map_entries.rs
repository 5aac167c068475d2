//! Numbers of entries: elements, pages, bytes of a ring buffer.

use super::maps::{Written, rule_of};
use crate::{
    diag::{Code, Diagnostic},
    kernel::Entries,
    source::Span,
};

/// Page size that every rule of pages is checked with: the smallest there is.
pub(super) const PAGE_SIZE: u64 = 4096;
/// Largest arena: 4 GiB (`arena_map_alloc`).
const MAX_ARENA_PAGES: u64 = (4 << 30) / PAGE_SIZE;

/// What is wrong with a number of entries, if anything.
pub(super) fn wrong_entries(map: &Written<'_>, entries: u64, span: Span) -> Option<Diagnostic> {
    let name = &map.def.name.value;
    if entries == 0 {
        let message = format!("`max_entries` of the map `{name}` is zero");
        return Some(Diagnostic::new(Code::ZeroLength, message, span, "must be at least 1").note(rule_of(map.kind)));
    }
    if u32::try_from(entries).is_err() {
        let message = format!("`max_entries` of the map `{name}` is {entries}");
        return Some(Diagnostic::new(Code::MapLimit, message, span, "does not fit 32 bits, as the kernel keeps it"));
    }
    match map.kind.entries {
        Entries::Elements => None,
        Entries::Pages if entries > MAX_ARENA_PAGES => {
            let message = format!("the arena `{name}` is larger than 4 GiB");
            let label = format!("expected at most {MAX_ARENA_PAGES} pages");
            Some(Diagnostic::new(Code::MapLimit, message, span, label).note(rule_of(map.kind)))
        }
        Entries::Pages => None,
        Entries::RingBytes => wrong_ring(map, entries, span),
    }
}

fn wrong_ring(map: &Written<'_>, bytes: u64, span: Span) -> Option<Diagnostic> {
    let fits = bytes.next_power_of_two().max(PAGE_SIZE);
    let help = format!("write `max_entries = \"{}\"`, or a smaller power of two", in_units(fits));
    let note = "`ringbuf_map_alloc` wants a power of two that is a multiple of the page size: 4096 bytes on x86, \
                up to 65536 on arm64 and powerpc";
    let name = &map.def.name.value;
    let wrong = if !bytes.is_power_of_two() {
        let message = format!("the size of the ring buffer `{name}`, {bytes} bytes, is no power of two");
        Diagnostic::new(Code::NotPowerOfTwo, message, span, "not a power of two").help(help)
    } else if bytes < PAGE_SIZE {
        let message = format!("the ring buffer `{name}` has {bytes} bytes, less than a page");
        Diagnostic::new(Code::MapLimit, message, span, "expected at least 4096")
            .help("write `max_entries = \"64 KiB\"`, which is a multiple of every page size")
    } else {
        return None;
    };
    Some(wrong.note(note))
}

/// A number of bytes, which is not zero, as a spec writes it.
fn in_units(bytes: u64) -> String {
    let unit = crate::expr::UNITS.iter().rev().find(|(_, factor)| bytes.is_multiple_of(*factor));
    unit.map_or_else(|| bytes.to_string(), |(unit, factor)| format!("{} {unit}", bytes / factor))
}
