//! When a reader that each record may wake lets some gather first.
//!
//! The kernel wakes a reader for every record that comes after it has read all others (`bpf_ringbuf_commit` in
//! `kernel/bpf/ringbuf.c`). For the program and for the reader that is more work than the record, and of a storm of records
//! a reader may see little but wake-ups. So do drivers of network cards when packets come in a storm: for a moment, they
//! look by themselves (`napi_defer_hard_irqs` and `gro_flush_timeout` in `Documentation/networking/napi.rst`).

use std::time::{Duration, Instant};

/// How long records gather.
pub(super) const INTERVAL: Duration = Duration::from_micros(200);

/// Of fewer in that time, each is read at once: to wait would save little.
const ENOUGH: u64 = 4;

/// Whoever is woken counts so many before it looks at how fast they come.
const WINDOW: u64 = 64;

/// This part of the buffer has to be enough for what comes in that time, so that none is lost because of it.
const SHARE: u64 = 4;

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) records: u64,
    /// With what the kernel puts before each.
    pub(super) bytes: u64,
}

/// How fast records come, as their reader sees it, and whether it lets them gather for that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Bytes of the buffer.
    size: u64,
    gathers: bool,
    /// What was read since then.
    batch: Batch,
    since: Instant,
}

impl Pace {
    /// Of a reader that has read nothing yet.
    pub(super) fn new(size: u64, now: Instant) -> Self {
        Pace { size, gathers: false, batch: Batch::default(), since: now }
    }

    /// How long to sleep before it reads; `None` if it shall wait until it is woken.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        self.gathers.then(|| INTERVAL.saturating_sub(now.duration_since(self.since)))
    }

    /// What it found when it was woken.
    pub(super) fn woken(self, batch: Batch, now: Instant) -> Self {
        let records = self.batch.records + batch.records;
        let so_far = Pace { batch: Batch { records, bytes: self.batch.bytes + batch.bytes }, ..self };
        if records < WINDOW { so_far } else { so_far.judged(ENOUGH, now) }
    }

    /// What had gathered. It goes on with half as many as it takes to begin.
    pub(super) fn gathered(self, batch: Batch, now: Instant) -> Self {
        Pace { batch, ..self }.judged(ENOUGH / 2, now)
    }

    /// Whether to let more gather, by how much would have come in an interval. From now on it counts anew.
    fn judged(self, enough: u64, now: Instant) -> Self {
        let elapsed = now.duration_since(self.since).as_nanos();
        let in_an_interval = |count: u64| u128::from(count) * INTERVAL.as_nanos();
        let pays = in_an_interval(self.batch.records) >= u128::from(enough) * elapsed;
        let fits = in_an_interval(self.batch.bytes) * u128::from(SHARE) <= u128::from(self.size) * elapsed;
        Pace { gathers: pays && fits, ..Pace::new(self.size, now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 256 * 1024;

    /// A reader that was woken for one record of so many bytes at a time, each so long after the one before.
    fn woken(times: u64, bytes: u64, apart: Duration) -> (Pace, Instant) {
        let begun = Instant::now();
        let mut now = begun;
        let mut pace = Pace::new(SIZE, begun);
        for _ in 0..times {
            now += apart;
            pace = pace.woken(Batch { records: 1, bytes }, now);
        }
        (pace, now)
    }

    fn micros(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    #[test]
    fn records_gather_when_they_come_fast() {
        let (pace, now) = woken(WINDOW - 1, 100, micros(1));
        assert_eq!(pace.pause(now), None, "too few to tell");
        let (pace, now) = woken(WINDOW, 100, micros(50));
        assert_eq!(pace.pause(now), Some(INTERVAL), "four in 200 µs");
        assert_eq!(pace.pause(now + micros(150)), Some(micros(50)), "what has passed is part of it");
        assert_eq!(pace.pause(now + micros(300)), Some(Duration::ZERO));
        let (pace, now) = woken(WINDOW, 100, micros(51));
        assert_eq!(pace.pause(now), None, "fewer");
    }

    #[test]
    fn a_quiet_time_before_counts() {
        let begun = Instant::now();
        let now = begun + Duration::from_secs(1);
        let all = Batch { records: WINDOW, bytes: 6400 };
        let pace = Pace::new(SIZE, begun).woken(all, now);
        assert_eq!(pace.pause(now), None);
        let soon = now + micros(100);
        assert_eq!(pace.woken(all, soon).pause(soon), Some(INTERVAL), "the next ones came soon");
    }

    #[test]
    fn they_stop_gathering_when_few_come() {
        let (pace, now) = woken(WINDOW, 100, micros(1));
        let after = |records| {
            let now = now + INTERVAL;
            pace.gathered(Batch { records, bytes: 100 * records }, now).pause(now)
        };
        assert_eq!(after(2), Some(INTERVAL), "half as many as it took to begin");
        assert_eq!(after(1), None);
        assert_eq!(after(0), None);
    }

    #[test]
    fn a_reader_that_was_late_judges_by_how_long_it_took() {
        let (pace, now) = woken(WINDOW, 100, micros(1));
        let late = now + 10 * INTERVAL;
        assert_eq!(pace.gathered(Batch { records: 19, bytes: 1900 }, late).pause(late), None);
        assert_eq!(pace.gathered(Batch { records: 20, bytes: 2000 }, late).pause(late), Some(INTERVAL));
        assert_eq!(pace.gathered(Batch { records: 800, bytes: SIZE }, late).pause(late), Some(INTERVAL));
    }

    #[test]
    fn what_a_small_buffer_has_no_room_for_does_not_gather() {
        // A quarter of the buffer in 200 µs, which is 327 bytes each microsecond.
        let (pace, now) = woken(WINDOW, 327, micros(1));
        assert_eq!(pace.pause(now), Some(INTERVAL));
        let (pace, now) = woken(WINDOW, 328, micros(1));
        assert_eq!(pace.pause(now), None);
        let (pace, now) = woken(WINDOW, 100, micros(1));
        let much = Batch { records: 100, bytes: SIZE / SHARE + 1 };
        assert_eq!(pace.gathered(much, now + INTERVAL).pause(now), None);
    }
}
