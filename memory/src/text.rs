//! Numbers of bytes for people.

/// With a comma between thousands: `136,873,504`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// In the decimal unit that leaves one to three digits before the point: `117.5 MB`, `640 B`.
#[must_use]
pub fn rounded(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    // In tenths of the unit, so that 999.95 kB becomes 1.0 MB.
    let mut unit: u128 = 1000;
    for name in UNITS {
        let tenths = (u128::from(bytes) * 10 + unit / 2) / unit;
        if tenths < 10_000 {
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
        unit *= 1000;
    }
    grouped(bytes) + " B"
}

/// As a spec writes it, in the largest binary unit of which it is a whole number: `20 MiB`.
#[must_use]
pub fn exact(bytes: u64) -> String {
    match bytes {
        0 => "0 B".into(),
        _ if bytes.is_multiple_of(1 << 30) => format!("{} GiB", bytes >> 30),
        _ if bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{} B", grouped(bytes)),
    }
}

/// A ratio with two digits: `1.96`.
#[must_use]
pub fn times(part: u64, whole: u64) -> String {
    let hundredths = (u128::from(part) * 100 + u128::from(whole) / 2).checked_div(whole.into()).unwrap_or(0);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A share of a whole in percent: `49.5 %`.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    let tenths = (u128::from(part) * 1000 + u128::from(whole) / 2).checked_div(whole.into()).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!([0, 999, 1000, 136_873_504].map(grouped), ["0", "999", "1,000", "136,873,504"]);
        assert_eq!(
            [0, 999, 1000, 999_949, 999_950, 117_465_000, u64::MAX].map(rounded),
            ["0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "117.5 MB", "18.4 EB"]
        );
        assert_eq!([0, 1000, 1 << 10, 20 << 20, 3 << 30].map(exact), ["0 B", "1,000 B", "1 KiB", "20 MiB", "3 GiB"]);
        assert_eq!((times(268, 137), times(1, 0)), ("1.96".into(), "0.00".into()));
        assert_eq!((percent(1, 3), percent(u64::MAX, u64::MAX)), ("33.3 %".into(), "100.0 %".into()));
    }
}
