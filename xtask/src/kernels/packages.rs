//! Debian's packages that a kernel, and what is to run in it, come from.

use std::{
    env::consts::ARCH,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    packages::{existing, unpacked},
    shown,
};

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
