//! Measuring the strings of records as they come. Without the feature `usage` nobody can ask for it, and nothing is left
//! of it.

#[cfg(feature = "usage")]
pub(super) use super::usage::Recorder;

/// What does not exist.
#[cfg(not(feature = "usage"))]
#[derive(Debug)]
pub(super) enum Recorder {}

#[cfg(not(feature = "usage"))]
impl Recorder {
    pub(super) fn record(&self, _: &[u8]) {
        match *self {}
    }

    #[cfg(feature = "btf")]
    pub(super) fn record_event(&self, _: usize, _: &[u8]) {
        match *self {}
    }
}
