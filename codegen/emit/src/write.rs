//! Files that are written whole or not at all, and left alone when nothing changed.
//!
//! An untouched file keeps its time of modification, so that no compiler runs again because of it. Files that belong
//! together (a header and its Rust types) are all staged before the first of them is replaced: a full disk or an
//! unwritable folder leaves the old ones, and never one new beside one old.

use std::{
    error::Error,
    fmt, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use bpf_layout_spec::threads::joined;

/// A file to be, with its whole contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Where it shall stand.
    pub path: PathBuf,
    /// Its bytes.
    pub contents: Vec<u8>,
}

/// A file or folder that could not be read or written.
#[derive(Debug)]
pub struct WriteError {
    /// What was being done, such as `write`.
    pub action: &'static str,
    /// The file or folder that the caller asked for, not a temporary one.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} `{}`: {}", self.action, self.path.display(), self.source)
    }
}

impl Error for WriteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// Writes those of `outputs` that differ from what stands on disk, and says which: the paths, in the order given.
/// Missing folders are made.
///
/// Each file is written to a temporary one beside it, which is then renamed over it; readers and other writers see the
/// old contents or the new, whole. The last of several writers wins.
///
/// # Errors
/// The first file or folder that cannot be read or written. No file has been replaced then, unless renaming itself
/// failed halfway; no temporary file is left.
pub fn write_if_changed(outputs: &[Output]) -> Result<Vec<&Path>, WriteError> {
    let changed = differing(outputs)?;
    // Each waits for the disk, so they wait together.
    let staged = thread::scope(|scope| {
        let stage = |output: &Output| Staged::new(&output.path, &[&output.contents]);
        let staging: Vec<_> = changed.iter().map(|output| scope.spawn(move || stage(output))).collect();
        staging.into_iter().map(joined).collect::<Result<Vec<_>, _>>()
    })?;
    staged.into_iter().try_for_each(Staged::replace)?;
    Ok(paths(&changed))
}

/// The paths of those of `outputs` that [`write_if_changed`] would write.
///
/// # Errors
/// The first file that exists and cannot be read.
pub fn changed(outputs: &[Output]) -> Result<Vec<&Path>, WriteError> {
    Ok(paths(&differing(outputs)?))
}

/// Those that differ from what stands on disk.
fn differing(outputs: &[Output]) -> Result<Vec<&Output>, WriteError> {
    let mut found = Vec::new();
    for output in outputs {
        if differs(&output.path, &[&output.contents])? {
            found.push(output);
        }
    }
    Ok(found)
}

fn paths<'a>(outputs: &[&'a Output]) -> Vec<&'a Path> {
    outputs.iter().map(|output| output.path.as_path()).collect()
}

/// Whether a file has other contents than these parts one after another, or is not there.
fn differs(path: &Path, parts: &[impl AsRef<[u8]>]) -> Result<bool, WriteError> {
    match fs::read(path) {
        Ok(found) => {
            let rest = parts.iter().try_fold(&found[..], |rest, part| rest.strip_prefix(part.as_ref()));
            Ok(rest.is_none_or(|rest| !rest.is_empty()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(WriteError { action: "read", path: path.to_path_buf(), source }),
    }
}

/// A temporary file with the whole new contents, beside the file it will replace. Dropping it removes it.
pub(crate) struct Staged {
    /// As the caller named it.
    path: PathBuf,
    temporary: PathBuf,
    target: PathBuf,
}

impl Staged {
    /// With these parts one after another. `None` if that is what the file has already.
    pub(crate) fn if_changed(path: &Path, parts: &[impl AsRef<[u8]>]) -> Result<Option<Self>, WriteError> {
        if differs(path, parts)? { Self::new(path, parts).map(Some) } else { Ok(None) }
    }

    fn new(path: &Path, parts: &[impl AsRef<[u8]>]) -> Result<Self, WriteError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| WriteError {
                action: "create the folder",
                path: folder.to_path_buf(),
                source,
            })?;
        }
        // Renaming over a symbolic link would replace the link; what it points to is meant.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let failed = |source| WriteError { action: "write", path: path.to_path_buf(), source };
        let (temporary, mut file) = create_beside(&target).map_err(failed)?;
        let staged = Staged { path: path.to_path_buf(), temporary, target };
        // Some file systems report a full disk only here. Renaming before would replace the old file by a short one.
        let mut written = parts.iter().try_for_each(|part| file.write_all(part.as_ref()));
        written = written.and_then(|()| file.sync_all());
        written.map_err(failed)?;
        Ok(staged)
    }

    pub(crate) fn replace(self) -> Result<(), WriteError> {
        fs::rename(&self.temporary, &self.target).map_err(|source| WriteError {
            action: "write",
            path: self.path.clone(),
            source,
        })
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After a successful rename it is gone already; after a failure there is nobody to tell of a second one.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Creates a hidden file in the folder of `target` that no other writer uses: not another process (its id is in the
/// name), not another thread (counted), not a leftover of a killed process (never opened, the next number is tried).
fn create_beside(target: &Path) -> io::Result<(PathBuf, fs::File)> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = target.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy().into_owned();
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = target.with_file_name(format!(".{name}.{}.{number}.tmp", process::id()));
        match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
