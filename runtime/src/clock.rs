//! Times since boot as times of day.

use std::time::{Duration, SystemTime};

use crate::scalar::Ktime;

/// When the machine booted, by the clocks as they are now.
///
/// A clock that is set later moves it, and a clock that is disciplined (NTP) drifts away from it: take a new one from time
/// to time. Moments that must keep their order and distances should all be converted with the same one.
#[derive(Clone, Copy, Debug)]
pub struct BootClock {
    boot: SystemTime,
    /// How long the machine has slept since.
    asleep: Duration,
}

/// A reading during which the program was not interrupted takes far less.
const UNDISTURBED: Duration = Duration::from_micros(5);

impl BootClock {
    /// Reads `CLOCK_BOOTTIME`, which [`Ktime`] counts in, `CLOCK_MONOTONIC`, and the time of day.
    ///
    /// They cannot be read at the same instant. What lies between is an error of the result, so a reading that was
    /// interrupted is repeated, a few times at most.
    #[must_use]
    pub fn now() -> Self {
        let mut best = Reading::take();
        for _ in 0..3 {
            if best.took() <= UNDISTURBED {
                break;
            }
            let next = Reading::take();
            if next.took() < best.took() {
                best = next;
            }
        }
        best.clock()
    }

    /// The time of day of a moment; `None` if it is too far off to be one.
    #[must_use]
    pub fn time_of(self, moment: Ktime) -> Option<SystemTime> {
        self.boot.checked_add(moment.since_boot())
    }

    /// The time of day of a moment that `bpf_ktime_get_ns()` gave, which does not count while the machine sleeps; `None`
    /// if it is too far off to be one.
    ///
    /// Right if the machine has not slept between that moment and [`BootClock::now`]: a program that may be read later
    /// than that should use `bpf_ktime_get_boot_ns()`.
    #[must_use]
    pub fn time_of_monotonic(self, moment: Ktime) -> Option<SystemTime> {
        self.time_of(moment)?.checked_add(self.asleep)
    }
}

/// All clocks, read one after another.
struct Reading {
    before: Duration,
    of_day: SystemTime,
    monotonic: Duration,
    after: Duration,
}

impl Reading {
    fn take() -> Self {
        Reading {
            before: since_start(libc::CLOCK_BOOTTIME),
            of_day: SystemTime::now(),
            monotonic: since_start(libc::CLOCK_MONOTONIC),
            after: since_start(libc::CLOCK_BOOTTIME),
        }
    }

    fn took(&self) -> Duration {
        self.after.saturating_sub(self.before)
    }

    fn clock(&self) -> BootClock {
        let since_boot = self.before + self.took() / 2;
        BootClock {
            boot: self.of_day.checked_sub(since_boot).unwrap_or(self.of_day),
            asleep: since_boot.saturating_sub(self.monotonic),
        }
    }
}

/// Time since boot, as [`Ktime`] counts it.
#[cfg(feature = "libbpf")]
pub(crate) fn since_boot() -> Duration {
    since_start(libc::CLOCK_BOOTTIME)
}

/// What a clock that begins at zero shows.
fn since_start(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec that the call may fill; both clocks exist since Linux 2.6.39, and were one
    // missing, the zeros above would stay.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Differences of clocks that are read at different times.
    const NOISE: Duration = Duration::from_secs(2);

    fn now(clock: libc::clockid_t) -> Ktime {
        Ktime::from_nanos(since_start(clock).as_nanos().try_into().expect("not 584 years"))
    }

    fn distance(one: SystemTime, other: SystemTime) -> Duration {
        one.duration_since(other).unwrap_or_else(|error| error.duration())
    }

    #[test]
    fn now_is_now_by_either_clock() {
        let clock = BootClock::now();
        let boot = clock.time_of(now(libc::CLOCK_BOOTTIME)).expect("a time of day");
        let monotonic = clock.time_of_monotonic(now(libc::CLOCK_MONOTONIC)).expect("a time of day");
        assert!(distance(boot, SystemTime::now()) < NOISE, "{boot:?}");
        assert!(distance(monotonic, SystemTime::now()) < NOISE, "{monotonic:?}");
    }

    #[test]
    fn time_asleep_counts_for_monotonic_moments_only() {
        let boot = SystemTime::UNIX_EPOCH;
        let clock = BootClock { boot, asleep: Duration::from_secs(100) };
        let moment = Ktime::from_nanos(7_000_000_000);
        assert_eq!(clock.time_of(moment), Some(boot + Duration::from_secs(7)));
        assert_eq!(clock.time_of_monotonic(moment), Some(boot + Duration::from_secs(107)));
    }

    #[test]
    fn a_reading_takes_the_middle_of_what_it_took() {
        let (second, of_day) = (Duration::from_secs(1), SystemTime::UNIX_EPOCH + Duration::from_secs(1000));
        let reading = Reading { before: 10 * second, of_day, monotonic: 4 * second, after: 12 * second };
        let clock = reading.clock();
        assert_eq!(clock.boot, SystemTime::UNIX_EPOCH + Duration::from_secs(989));
        assert_eq!((reading.took(), clock.asleep), (2 * second, 7 * second));
    }
}
