//! The account of every socket and packet.

use std::fmt;

use crate::{layouts::SocketCounters, owners::PathTotals};

/// What both sides counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// What the kernel side counted, over all CPUs.
    pub(crate) kernel: SocketCounters,
    /// Sockets that are still open.
    pub(crate) open: u64,
    /// Who opened them; as many as sockets where each says it itself.
    pub(crate) owners: u64,
    /// Their paths, where these are interned.
    pub(crate) paths: Option<PathTotals>,
    /// Events that came out of the ring buffer and could be read.
    pub(crate) received: u64,
    /// Bytes of these.
    pub(crate) bytes: u64,
    /// Events that came out of the ring buffer and could not be read.
    pub(crate) malformed: u64,
    /// Events that found no room in the ring buffer, or none to be put together in.
    pub(crate) unsent: u64,
    /// Events of `received` that no line was printed for.
    pub(crate) hidden: u64,
}

impl Totals {
    /// Whether every packet that was seen has reached us or is known to be lost, and every socket is accounted for. Not so
    /// for a moment after the programs were detached, while one of them may still run on another CPU.
    pub(crate) fn is_settled(&self) -> bool {
        let kernel = &self.kernel;
        kernel.packets == self.received + self.malformed + self.unsent
            && kernel.opened == kernel.closed + kernel.replaced + self.open
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { kernel, open, owners, paths, received, bytes, malformed, unsent, hidden } = self;
        write!(
            f,
            "{} sockets opened, {} closed, {} replaced, {open} open of {owners} owners (no room for {}, nor for {} owners, busy: {}); ",
            kernel.opened,
            kernel.closed,
            kernel.replaced,
            kernel.lost_sockets_full,
            kernel.lost_owners_full,
            kernel.lost_owners_busy,
        )?;
        if let Some(PathTotals { kept, aged, counts }) = paths {
            write!(
                f,
                "{} paths entered, {aged} aged out, {kept} kept (no room: {}, collisions: {}, busy: {}, unreadable: {}); ",
                counts.inserts, counts.lost_full, counts.lost_collision, counts.lost_busy, counts.lost_unreadable,
            )?;
        }
        write!(
            f,
            "{} packets, {} named, {received} received, {} lost (no room: {unsent}, malformed: {malformed})",
            kernel.packets,
            kernel.named,
            unsent + malformed,
        )?;
        if let Some(each) = bytes.checked_div(*received) {
            write!(f, ", {each} bytes each")?;
        }
        if *hidden > 0 {
            write!(f, ", {hidden} not printed")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bpf_layout::InternCounts;

    use super::*;

    #[test]
    fn everything_is_accounted_for() {
        let kernel = SocketCounters { opened: 6, closed: 3, replaced: 1, packets: 10, ..SocketCounters::default() };
        let totals = Totals {
            kernel,
            open: 2,
            owners: 1,
            paths: None,
            received: 7,
            bytes: 735,
            malformed: 1,
            unsent: 2,
            hidden: 4,
        };
        assert!(totals.is_settled());
        assert!(!Totals { received: 6, ..totals }.is_settled());
        assert!(!Totals { open: 3, ..totals }.is_settled());
        let text = totals.to_string();
        assert!(
            text.contains("10 packets") && text.contains("3 lost") && text.ends_with(", 105 bytes each, 4 not printed"),
            "{text}"
        );
        assert!(!text.contains("paths"), "{text}");
        let counts =
            InternCounts { inserts: 9, lost_full: 3, lost_collision: 2, lost_busy: 1, ..InternCounts::default() };
        let text = Totals { paths: Some(PathTotals { kept: 8, aged: 1, counts }), ..totals }.to_string();
        let paths =
            "; 9 paths entered, 1 aged out, 8 kept (no room: 3, collisions: 2, busy: 1, unreadable: 0); 10 packets";
        assert!(text.contains(paths), "{text}");
    }
}
