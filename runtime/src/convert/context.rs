//! What a conversion depends on beside the bytes.

#[cfg(feature = "clock")]
use crate::clock::BootClock;

/// How to convert: by which clock, and how strictly. It holds for a record and everything inside it; `#[from_layout(…)]`
/// on a field, or a whole struct, changes it for what is below.
///
/// ```
/// use bpf_layout::{FromLayout, Str, convert::Context};
///
/// let comm = Str::<16>::from_bytes(b"ba\xffsh");
/// assert!(String::from_layout(&comm).is_err());
/// assert_eq!(String::from_layout_with(&comm, &Context::new().lossy()).unwrap(), "ba\u{fffd}sh");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Context {
    #[cfg(feature = "clock")]
    clock: Option<BootClock>,
    #[cfg(feature = "clock")]
    monotonic: bool,
    lossy: bool,
    deny_truncated: bool,
}

impl Context {
    /// Strict about UTF-8, tolerant of truncated text, and by the clocks as they are when a time of day is needed.
    #[must_use]
    pub const fn new() -> Self {
        Context {
            #[cfg(feature = "clock")]
            clock: None,
            #[cfg(feature = "clock")]
            monotonic: false,
            lossy: false,
            deny_truncated: false,
        }
    }

    /// Times of day by this clock: the distances of events are then exactly those that the kernel measured, and the
    /// clocks are read once. Take a new clock from time to time.
    #[cfg(feature = "clock")]
    #[must_use]
    pub const fn with_clock(mut self, clock: BootClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Moments are those of `bpf_ktime_get_ns()`, which stands still while the machine sleeps, instead of
    /// `bpf_ktime_get_boot_ns()`. See [`BootClock::time_of_monotonic`].
    #[cfg(feature = "clock")]
    #[must_use]
    pub const fn monotonic(mut self) -> Self {
        self.monotonic = true;
        self
    }

    /// Text that is not UTF-8 becomes a `String` with U+FFFD in place of what is wrong, and is no error.
    #[must_use]
    pub const fn lossy(mut self) -> Self {
        self.lossy = true;
        self
    }

    /// A string that was truncated ([`Str::is_truncated`](crate::Str::is_truncated)) is an error.
    #[must_use]
    pub const fn deny_truncated(mut self) -> Self {
        self.deny_truncated = true;
        self
    }

    /// The clock that was given, or the clocks as they are now.
    #[cfg(feature = "clock")]
    pub(super) fn clock(&self) -> BootClock {
        self.clock.unwrap_or_else(BootClock::now)
    }

    #[cfg(feature = "clock")]
    pub(super) const fn is_monotonic(&self) -> bool {
        self.monotonic
    }

    pub(super) const fn is_lossy(&self) -> bool {
        self.lossy
    }

    pub(super) const fn denies_truncated(&self) -> bool {
        self.deny_truncated
    }
}
