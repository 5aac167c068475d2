//! When a program that has put a record into a ring buffer wakes the reader that waits for it.
//!
//! The kernel leaves it to the program, record by record, by the flags of `bpf_ringbuf_submit()` and
//! `bpf_ringbuf_output()` (`bpf_ringbuf_commit` in kernel/bpf/ringbuf.c).

use std::{fmt, str::FromStr};

/// What `wakeup` of a ring buffer says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wakeup {
    /// Each record that finds the reader waiting, having read all before it, wakes it: what the kernel does by itself,
    /// and the one policy that a reader need not know of.
    #[default]
    Always,
    /// Seldom: a record wakes the reader if a share of the buffer was written since it was last woken, or some time has
    /// passed. The reader looks by itself after that time, so that no record is stuck.
    Adaptive {
        /// Of the buffer.
        share: Share,
        /// At least [`Wakeup::SHORTEST`], at most [`Wakeup::LONGEST`].
        after_ms: u32,
    },
    /// No record does; the reader looks by itself.
    Never,
}

/// A share of a whole: more than nothing, at most all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    numerator: u32,
    denominator: u32,
}

impl Share {
    /// The largest denominator: what is left of the smallest ring buffer, a page, is then more than a record's header.
    pub const FINEST: u32 = 64;

    /// `None` if it is nothing, more than all, or finer than [`Share::FINEST`].
    #[must_use]
    pub const fn new(numerator: u32, denominator: u32) -> Option<Self> {
        if numerator == 0 || numerator > denominator || denominator > Self::FINEST {
            return None;
        }
        Some(Share { numerator, denominator })
    }

    /// The upper number.
    #[must_use]
    pub const fn numerator(self) -> u32 {
        self.numerator
    }

    /// The lower number.
    #[must_use]
    pub const fn denominator(self) -> u32 {
        self.denominator
    }
}

impl Wakeup {
    /// Milliseconds. Readers wait in `epoll_wait(2)`, which counts in these.
    pub const SHORTEST: u32 = 1;
    /// Milliseconds: a minute, behind which nobody would call it waiting.
    pub const LONGEST: u32 = 60_000;
    /// What `"adaptive"` stands for where the spec gives no numbers.
    pub const ADAPTIVE: Self = Wakeup::Adaptive { share: Share { numerator: 1, denominator: 4 }, after_ms: 10 };
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

/// Reads `1/4`.
impl FromStr for Share {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (numerator, denominator) = text.split_once('/').ok_or(())?;
        let number = |text: &str| text.trim().parse::<u32>().map_err(drop);
        Share::new(number(numerator)?, number(denominator)?).ok_or(())
    }
}

/// `always`, `never`, or `1/4,10ms`.
impl fmt::Display for Wakeup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wakeup::Always => f.write_str("always"),
            Wakeup::Adaptive { share, after_ms } => write!(f, "{share},{after_ms}ms"),
            Wakeup::Never => f.write_str("never"),
        }
    }
}

/// Reads what is displayed.
impl FromStr for Wakeup {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "always" => Ok(Wakeup::Always),
            "never" => Ok(Wakeup::Never),
            _ => {
                let (share, after) = text.split_once(',').ok_or(())?;
                let after_ms = after.strip_suffix("ms").ok_or(())?.parse().map_err(drop)?;
                if !(Self::SHORTEST..=Self::LONGEST).contains(&after_ms) {
                    return Err(());
                }
                Ok(Wakeup::Adaptive { share: share.parse()?, after_ms })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_displayed_is_read() {
        for text in ["always", "never", "1/4,10ms", "3/64,60000ms", "1/1,1ms"] {
            assert_eq!(text.parse::<Wakeup>().unwrap().to_string(), text);
        }
        assert_eq!(Wakeup::ADAPTIVE.to_string(), "1/4,10ms");
    }

    #[test]
    fn shares_and_times_have_limits() {
        for text in
            ["", "0/4,10ms", "5/4,10ms", "1/65,10ms", "1/0,10ms", "1/4,0ms", "1/4,60001ms", "1/4", "1/4,10", "-1/4,1ms"]
        {
            assert!(text.parse::<Wakeup>().is_err(), "{text}");
        }
    }
}
