//! Files that others wrote, read within bounds.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

/// Largest file of text in bytes: a spec, with all that it includes, or a lock.
pub const LARGEST_TEXT: u64 = 64 << 20;

/// Reads a file of text: at most [`LARGEST_TEXT`] bytes.
///
/// # Errors
/// If it is no regular file, larger, or not UTF-8, and whatever the system says.
pub fn read_text(path: &Path) -> io::Result<String> {
    let bytes = read(path, LARGEST_TEXT)?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].iter().filter(|&&byte| byte == b'\n').count() + 1;
        io::Error::new(io::ErrorKind::InvalidData, format!("it is not UTF-8 text, from line {line} on"))
    })
}

/// Reads a file of at most `largest` bytes.
///
/// Only regular files: a named pipe would make us wait for somebody to write into it, and a device may never end.
///
/// # Errors
/// If it is something else or larger, and whatever the system says.
pub fn read(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    // Asked by its name, because already opening a pipe waits.
    let kind = fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    if !kind.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe, socket or device, and not a file"));
    }
    let mut bytes = Vec::new();
    // What the system says of its size is not asked: it may grow, and those of `/proc` have none.
    File::open(path)?.take(largest.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        let message = format!("it is larger than {} MiB", largest >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}
