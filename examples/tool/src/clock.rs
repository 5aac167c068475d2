//! Event times as the time of day.

use std::time::{Duration, SystemTime};

use bpf_layout::{Ktime, libbpf::BootClock};

/// `2026-11-22T20:51:51.123456789Z`
pub fn rfc3339(clock: BootClock, at: Ktime) -> String {
    humantime::format_rfc3339_nanos(printable(clock, at)).to_string()
}

/// `20:51:51.123`, UTC.
pub fn time_of_day(clock: BootClock, at: Ktime) -> String {
    let text = humantime::format_rfc3339_millis(printable(clock, at)).to_string();
    text.split_once('T').map_or("", |(_, time)| time.trim_end_matches('Z')).to_owned()
}

/// The formatter refuses years before 1970 and after 9999, which a clock that was never set can give.
fn printable(clock: BootClock, at: Ktime) -> SystemTime {
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    clock.time_of(at).unwrap_or(last).clamp(SystemTime::UNIX_EPOCH, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_too_large() {
        let text = rfc3339(BootClock::now(), Ktime::from_nanos(u64::MAX));
        assert!(text.ends_with('Z'), "{text}");
    }

    #[test]
    fn the_time_of_day_is_a_part_of_the_whole() {
        let (clock, at) = (BootClock::now(), Ktime::from_nanos(1_500_000_042));
        let (whole, part) = (rfc3339(clock, at), time_of_day(clock, at));
        assert_eq!(part.len(), "20:51:51.123".len(), "{part}");
        assert!(whole.contains(&part), "{whole} {part}");
    }
}
