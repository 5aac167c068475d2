//! Debian's packages: downloaded and unpacked, not installed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::succeeds;

/// A file of a package, if the package has it.
pub(crate) fn existing(path: PathBuf) -> Result<PathBuf, String> {
    if path.is_file() { Ok(path) } else { Err(format!("the package has no `{}`", path.display())) }
}

/// The folder that a package was unpacked to. What was unpacked once is there for ever.
pub(crate) fn unpacked(package: &str, folder: &Path) -> Result<PathBuf, String> {
    let target = folder.join(package);
    if target.is_dir() {
        return Ok(target);
    }
    let temporary = folder.join(format!("{package}.part"));
    let failed = |error: std::io::Error| format!("cannot unpack `{package}`: {error}");
    if temporary.exists() {
        fs::remove_dir_all(&temporary).map_err(failed)?;
    }
    fs::create_dir_all(&temporary).map_err(failed)?;
    let mut download = Command::new("apt-get");
    download.args(["download", package]).current_dir(&temporary);
    let mut archive = None;
    if succeeds(&mut download)? {
        let files = fs::read_dir(&temporary).map_err(failed)?.flatten().map(|entry| entry.path());
        archive = files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "deb"));
    }
    let archive = archive.ok_or_else(|| {
        format!(
            "`{package}` cannot be downloaded; `apt-get update` renews the lists, and `apt-cache search` searches them"
        )
    })?;
    if !succeeds(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(&temporary))? {
        return Err(format!("`{}` cannot be unpacked", archive.display()));
    }
    fs::remove_file(&archive).and_then(|()| fs::rename(&temporary, &target)).map_err(failed)?;
    Ok(target)
}
