//! Ring buffers, as far as they can be seen without reading from them.

use std::{io, os::fd::AsFd as _};

use crate::{
    error::Error,
    machine,
    map::Map,
    sys::{self, Command},
};

// `enum bpf_map_type`
const RINGBUF: u32 = 27;
const USER_RINGBUF: u32 = 31;

impl Map {
    /// Bytes of a ring buffer that were written and not consumed at this moment, headers included. The first page of its
    /// file holds how far its reader came, the second one how far its writers did (`struct bpf_ringbuf` of
    /// `kernel/bpf/ringbuf.c`): looking there consumes nothing.
    ///
    /// # Errors
    /// If the map is no ring buffer, or without `CAP_SYS_ADMIN`.
    pub fn ring_backlog(&self) -> Result<u64, Error> {
        let failed = |error| Error::new("mmap", self.name(), error);
        if !matches!(self.info().kind, RINGBUF | USER_RINGBUF) {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it is no ring buffer")));
        }
        // `do_mmap` shares no file that is open for reading only, and `bpf_map_mmap` takes nothing that is not shared. The
        // pages are mapped for reading all the same, and nobody else gets this file.
        let id = self.info().id;
        let file = sys::fd_by_id(Command::MapGetFdById, id, 0);
        let file = file.map_err(|error| Error::call(Command::MapGetFdById, self.name(), error))?;
        let page = machine::page_size() as usize;
        // What is read in between makes the backlog seem larger, and never smaller than nothing.
        let consumed = sys::number_at(file.as_fd(), 0, page).map_err(failed)?;
        let produced = sys::number_at(file.as_fd(), page, page).map_err(failed)?;
        Ok(produced.wrapping_sub(consumed).min(self.info().max_entries as usize) as u64)
    }
}
