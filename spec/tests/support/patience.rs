//! How long hostile input may take.

use std::{
    fs,
    time::{Duration, Instant},
};

/// Far more than any of it takes, even without optimisation, and far less than a quadratic algorithm would.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Does something that must not take long: time of a processor counts, so that a busy machine makes no difference.
#[track_caller]
pub(crate) fn timed<T>(run: impl FnOnce() -> T) -> T {
    // What interprets a program for its soundness takes a thousand times as long.
    if cfg!(miri) {
        return run();
    }
    let (start, clock) = (processor_time(), Instant::now());
    let result = run();
    let took = match (start, processor_time()) {
        (Some(start), Some(end)) => end.saturating_sub(start),
        _ => clock.elapsed(),
    };
    assert!(took < PATIENCE, "took {took:?}");
    result
}

/// What this thread has had of a processor, where the system says so: `utime` and `stime` of proc(5), in hundredths of a
/// second (`USER_HZ`).
fn processor_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/thread-self/stat").ok()?;
    // The name of the program is in parentheses, and may have any others in it. `utime` is the 12th field behind it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}
