//! Walking what the kernel has loaded, by id.

use crate::{
    error::Error,
    sys::{self, Command},
};

/// Ids in use, each larger than the one before: the walk ends, whatever is loaded meanwhile. What an id stands for may be
/// gone by the time that it is opened.
#[derive(Clone, Debug)]
pub struct Ids {
    command: Command,
    last: Option<u32>,
}

/// The ids of all maps.
#[must_use]
pub fn map_ids() -> Ids {
    Ids { command: Command::MapGetNextId, last: Some(0) }
}

/// The ids of all programs.
#[must_use]
pub fn program_ids() -> Ids {
    Ids { command: Command::ProgGetNextId, last: Some(0) }
}

impl Iterator for Ids {
    type Item = Result<u32, Error>;

    /// # Errors
    /// Once, without `CAP_SYS_ADMIN`; then the walk is over.
    fn next(&mut self) -> Option<Self::Item> {
        let next = sys::next_id(self.command, self.last?);
        self.last = next.as_ref().ok().copied().flatten();
        next.map_err(|error| Error::call(self.command, "", error)).transpose()
    }
}
