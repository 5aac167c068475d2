//! User memory that ends: strings in it are tried at its last byte.

/// Two pages, of which the second cannot be read.
pub struct Pages(*mut u8);

const PAGE: usize = 4096;

impl Pages {
    pub fn new() -> Self {
        // SAFETY: new memory, of which nothing is read or written but what is asked for here.
        let start = unsafe {
            let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
            let start = libc::mmap(std::ptr::null_mut(), 2 * PAGE, protection, flags, -1, 0);
            assert_ne!(start, libc::MAP_FAILED);
            assert_eq!(libc::mprotect(start.byte_add(PAGE), PAGE, libc::PROT_NONE), 0);
            start
        };
        Pages(start.cast())
    }

    /// Puts bytes at the end of the first page, and gives their address.
    pub fn ending(&self, bytes: &[u8]) -> u64 {
        assert!(bytes.len() <= PAGE);
        let at = self.0.wrapping_add(PAGE - bytes.len());
        // SAFETY: the first page can be written, these bytes lie in it, and nobody else has it.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), at, bytes.len()) };
        at.addr() as u64
    }

    /// Puts a text there, which has its NUL or runs into what cannot be read.
    pub fn ending_text(&self, text: &[u8], has_nul: bool) -> u64 {
        self.ending(&[text, if has_nul { b"\0" } else { b"" }].concat())
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: what `new` mapped, which nobody uses any more.
        unsafe { libc::munmap(self.0.cast(), 2 * PAGE) };
    }
}
