//! Text in an event, whichever type it has there.

use bpf_layout::{Str, convert};

/// A text that may have been cut.
pub trait Written {
    /// The bytes up to the NUL.
    fn written(&self) -> &[u8];

    /// Whether there was more.
    fn is_cut(&self) -> bool;
}

impl<const N: usize> Written for Str<N> {
    fn written(&self) -> &[u8] {
        self.as_bytes()
    }

    fn is_cut(&self) -> bool {
        self.is_truncated()
    }
}

impl Written for convert::Text<Vec<u8>> {
    fn written(&self) -> &[u8] {
        &self.value
    }

    fn is_cut(&self) -> bool {
        self.is_truncated
    }
}
