//! Pages of maps that the kernel shares.

use std::{
    io,
    os::fd::{AsRawFd as _, BorrowedFd},
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

/// The `unsigned long` that a page of a file begins with, as it is at this moment. `offset` and `page` are bytes, the first a
/// multiple of the second.
pub(crate) fn number_at(fd: BorrowedFd<'_>, offset: usize, page: usize) -> io::Result<usize> {
    let offset = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
    if page < size_of::<usize>() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: without an address and `MAP_FIXED`, no memory that is in use is touched.
    let start = unsafe { libc::mmap(ptr::null_mut(), page, libc::PROT_READ, libc::MAP_SHARED, fd.as_raw_fd(), offset) };
    if start == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a page that was just mapped for reading is aligned and has room for a number. Others write to it meanwhile,
    // which atomics are for; a relaxed load of this size may be from memory that cannot be written (`std::sync::atomic`).
    let number = unsafe { AtomicUsize::from_ptr(start.cast()) }.load(Ordering::Relaxed);
    // SAFETY: exactly what was mapped above, to which nothing refers any more.
    unsafe { libc::munmap(start, page) };
    Ok(number)
}
