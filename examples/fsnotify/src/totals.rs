//! The account of every call: received + lost = started.

use std::fmt;

use crate::layouts::FileCounters;

/// What both sides counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// What the kernel side counted, over all CPUs.
    pub(crate) kernel: FileCounters,
    /// Events that came out of the ring buffer and could be read.
    pub(crate) received: u64,
    /// Bytes of these.
    pub(crate) bytes: u64,
    /// Events that came out of the ring buffer and could not be read.
    pub(crate) malformed: u64,
    /// Events that found no room in the ring buffer.
    pub(crate) unsent: u64,
    /// Calls that had not returned when we stopped.
    pub(crate) pending: u64,
    /// Events of `received` that no line was printed for.
    pub(crate) hidden: u64,
}

impl Totals {
    /// Calls that no event was received for.
    pub(crate) fn lost(&self) -> u64 {
        let kernel = &self.kernel;
        kernel.lost_calls_full + self.unsent + kernel.abandoned + self.pending + self.malformed
    }

    /// Whether everything that the kernel side began has reached us or is known to be lost. Not so for a moment after
    /// the programs were detached, while one of them may still run on another CPU.
    pub(crate) fn is_settled(&self) -> bool {
        self.received + self.lost() == self.kernel.started
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { kernel, received, bytes, malformed, unsent, pending, hidden } = self;
        write!(f, "{} calls started, {received} received, {} lost", kernel.started, self.lost())?;
        write!(
            f,
            " (map full: {}, ring buffer full: {unsent}, killed inside: {}, not returned yet: {pending}, malformed: {malformed})",
            kernel.lost_calls_full, kernel.abandoned
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

    fn totals() -> Totals {
        let kernel = FileCounters { started: 15, submitted: 9, lost_calls_full: 1, abandoned: 1 };
        Totals { kernel, received: 8, bytes: 840, malformed: 1, unsent: 2, pending: 2, hidden: 3 }
    }

    #[test]
    fn every_call_is_accounted_for() {
        assert_eq!(totals().lost(), 7);
        assert!(totals().is_settled());
        assert!(!Totals { received: 7, ..totals() }.is_settled());
    }

    #[test]
    fn the_text_says_why_events_are_lost() {
        let text = totals().to_string();
        assert!(text.starts_with("15 calls started, 8 received, 7 lost"), "{text}");
        assert!(text.contains("ring buffer full: 2") && text.ends_with(", 105 bytes each, 3 not printed"), "{text}");
    }
}
