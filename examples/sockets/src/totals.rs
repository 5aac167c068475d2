//! The account of every socket and packet.

use std::fmt;

use crate::layouts::SocketCounters;

/// What both sides counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// What the kernel side counted, over all CPUs.
    pub(crate) kernel: SocketCounters,
    /// Sockets that are still open.
    pub(crate) open: u64,
    /// Who opened them; as many as sockets where each says it itself.
    pub(crate) owners: u64,
    /// Paths of owners that are not known, since `path_strings` had no room for them.
    pub(crate) lost_paths: u64,
    /// Events that came out of the ring buffer and could be read.
    pub(crate) received: u64,
    /// Bytes of these.
    pub(crate) bytes: u64,
    /// Events that came out of the ring buffer and could not be read.
    pub(crate) malformed: u64,
    /// Events of `received` that no line was printed for.
    pub(crate) hidden: u64,
}

impl Totals {
    /// Whether every packet that was seen has reached us or is known to be lost, and every socket is accounted for. Not so
    /// for a moment after the programs were detached, while one of them may still run on another CPU.
    pub(crate) fn is_settled(&self) -> bool {
        let kernel = &self.kernel;
        kernel.packets == self.received + self.malformed + kernel.lost_packets_full
            && kernel.opened == kernel.closed + kernel.replaced + self.open
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { kernel, open, owners, lost_paths, received, bytes, malformed, hidden } = self;
        write!(
            f,
            "{} sockets opened, {} closed, {} replaced, {open} open of {owners} owners (no room for {}, nor for {} owners and {lost_paths} paths); ",
            kernel.opened, kernel.closed, kernel.replaced, kernel.lost_sockets_full, kernel.lost_owners_full,
        )?;
        write!(
            f,
            "{} packets, {} named, {received} received, {} lost (ring buffer full: {}, malformed: {malformed})",
            kernel.packets,
            kernel.named,
            kernel.lost_packets_full + malformed,
            kernel.lost_packets_full,
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
    use super::*;

    #[test]
    fn everything_is_accounted_for() {
        let kernel = SocketCounters {
            opened: 6,
            closed: 3,
            replaced: 1,
            packets: 10,
            lost_packets_full: 2,
            ..SocketCounters::default()
        };
        let totals =
            Totals { kernel, open: 2, owners: 1, lost_paths: 0, received: 7, bytes: 735, malformed: 1, hidden: 4 };
        assert!(totals.is_settled());
        assert!(!Totals { received: 6, ..totals }.is_settled());
        assert!(!Totals { open: 3, ..totals }.is_settled());
        let text = totals.to_string();
        assert!(
            text.contains("10 packets") && text.contains("3 lost") && text.ends_with(", 105 bytes each, 4 not printed"),
            "{text}"
        );
    }
}
