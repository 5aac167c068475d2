//! Times since boot as times of day.

use std::time::{Duration, SystemTime};

use crate::scalar::Ktime;

/// When the machine booted, by the clocks as they are now.
///
/// A clock that is set later moves it: take a new one from time to time.
#[derive(Clone, Copy, Debug)]
pub struct BootClock {
    boot: SystemTime,
}

impl BootClock {
    /// Reads `CLOCK_BOOTTIME`, which [`Ktime`] counts in, and the time of day.
    #[must_use]
    pub fn now() -> Self {
        let mut since_boot = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to a timespec that the call may fill; CLOCK_BOOTTIME exists since Linux 2.6.39, and
        // were it missing, the zeros above would stay.
        unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut since_boot) };
        let seconds = u64::try_from(since_boot.tv_sec).unwrap_or(0);
        let nanos = u32::try_from(since_boot.tv_nsec).unwrap_or(0);
        let now = SystemTime::now();
        BootClock { boot: now.checked_sub(Duration::new(seconds, nanos)).unwrap_or(now) }
    }

    /// The time of day of a moment; `None` if it is too far off to be one.
    #[must_use]
    pub fn time_of(self, moment: Ktime) -> Option<SystemTime> {
        self.boot.checked_add(moment.since_boot())
    }
}
