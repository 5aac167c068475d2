//! When the reader of a ring buffer is woken, as its spec says.

use core::time::Duration;

/// `wakeup` of a ring buffer in the spec. Programs follow it through the map's generated `_submit()`, userspace through
/// `Events::poll`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wakeup {
    /// A record wakes a reader that has read all before it: any way of waiting sees it at once.
    #[default]
    Always,
    /// Some records do, and the reader must look by itself for the others.
    Adaptive {
        /// How long a record may lie there before the next one wakes the reader; how often to look.
        after: Duration,
    },
    /// No record does; the reader looks by itself.
    Never,
}

impl Wakeup {
    /// How often a reader looks by itself where nothing ever wakes it: a tenth of a second. Who wants records earlier
    /// polls with a shorter timeout.
    pub const NEVER_INTERVAL: Duration = Duration::from_millis(100);

    /// [`Wakeup::Adaptive`] after so many milliseconds.
    #[must_use]
    pub const fn adaptive(milliseconds: u64) -> Self {
        Wakeup::Adaptive { after: Duration::from_millis(milliseconds) }
    }

    /// How long a reader may sleep without looking; `None` if it is always woken.
    #[must_use]
    pub const fn longest_sleep(self) -> Option<Duration> {
        match self {
            Wakeup::Always => None,
            Wakeup::Adaptive { after } => Some(after),
            Wakeup::Never => Some(Self::NEVER_INTERVAL),
        }
    }
}
