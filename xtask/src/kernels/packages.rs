//! Debian's packages: downloaded and unpacked, not installed.

use std::{
    env::consts::ARCH,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{shown, succeeds};

/// What Debian calls this architecture.
fn architecture() -> Result<&'static str, String> {
    match ARCH {
        "x86_64" => Ok("amd64"),
        other => Err(format!("kernels are booted on x86_64 only, and this is {other}")),
    }
}

/// The names of all kernels that apt knows, without those for debugging.
pub(super) fn offered() -> Result<Vec<String>, String> {
    let pattern = format!("^linux-image-[0-9].*-{}-unsigned$", architecture()?);
    let mut search = Command::new("apt-cache");
    search.args(["search", "--names-only", &pattern]);
    let output = search.output().map_err(|error| format!("cannot run `{}`: {error}", shown(&search)))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let packages = text.lines().filter_map(|line| line.split(' ').next());
    let names = packages.filter_map(|package| package.strip_prefix("linux-image-")?.strip_suffix("-unsigned"));
    Ok(names.map(str::to_owned).collect())
}

/// The image of a kernel.
pub(super) fn kernel(name: &str, folder: &Path) -> Result<PathBuf, String> {
    let unpacked = unpacked(&format!("linux-image-{name}-unsigned"), folder)?;
    existing(unpacked.join("boot").join(format!("vmlinuz-{name}")))
}

/// A shell and what belongs to it, in one static program.
pub(super) fn busybox(folder: &Path) -> Result<PathBuf, String> {
    let unpacked = unpacked("busybox-static", folder)?;
    existing(unpacked.join("bin/busybox")).or_else(|_| existing(unpacked.join("usr/bin/busybox")))
}

fn existing(path: PathBuf) -> Result<PathBuf, String> {
    if path.is_file() { Ok(path) } else { Err(format!("the package has no `{}`", path.display())) }
}

/// The folder that a package was unpacked to. What was unpacked once is there for ever.
fn unpacked(package: &str, folder: &Path) -> Result<PathBuf, String> {
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
            "`{package}` cannot be downloaded; run `apt-get update`, and `cargo xtask kernels` to see what there is"
        )
    })?;
    if !succeeds(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(&temporary))? {
        return Err(format!("`{}` cannot be unpacked", archive.display()));
    }
    fs::remove_file(&archive).and_then(|()| fs::rename(&temporary, &target)).map_err(failed)?;
    Ok(target)
}
