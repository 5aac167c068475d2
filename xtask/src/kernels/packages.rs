//! Debian's packages that a kernel, and what is to run in it, come from.

use std::{
    env::consts::ARCH,
    path::{Path, PathBuf},
    process::{Command, Stdio},
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

/// What Debian calls packages with a kernel's image: the older way, and that since Linux 7.3.
const IMAGES: [(&str, &str); 2] = [("linux-image-", "-unsigned"), ("linux-binary-unsigned-", "")];

/// The names of all kernels that apt knows, without those for debugging.
pub(super) fn offered() -> Result<Vec<String>, String> {
    let architecture = architecture()?;
    let patterns = IMAGES.map(|(before, behind)| format!("^{before}[0-9].*-{architecture}{behind}$"));
    let mut search = Command::new("apt-cache");
    search.args(["search", "--names-only", &patterns.join("|")]);
    let output = search.output().map_err(|error| format!("cannot run `{}`: {error}", shown(&search)))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let packages = text.lines().filter_map(|line| line.split(' ').next());
    let name = |package: &str| {
        let of = |(before, behind)| Some(package.strip_prefix(before)?.strip_suffix(behind)?.to_owned());
        IMAGES.into_iter().find_map(of)
    };
    Ok(packages.filter_map(name).collect())
}

/// The image of a kernel.
pub(super) fn kernel(name: &str, folder: &Path) -> Result<PathBuf, String> {
    let packages = IMAGES.map(|(before, behind)| format!("{before}{name}{behind}"));
    let found = packages.iter().find(|package| folder.join(package).is_dir() || is_known(package));
    // One of both must be said to be missing.
    let unpacked = unpacked(found.unwrap_or(&packages[0]), folder)?;
    let places = [format!("boot/vmlinuz-{name}"), format!("usr/lib/modules/{name}/vmlinuz.unsigned")];
    existing(unpacked.join(&places[0])).or_else(|_| existing(unpacked.join(&places[1])))
}

/// Whether apt can download a package.
fn is_known(package: &str) -> bool {
    let mut show = Command::new("apt-cache");
    show.args(["show", package]).stdout(Stdio::null()).stderr(Stdio::null());
    show.status().is_ok_and(|status| status.success())
}

/// A shell and what belongs to it, in one static program.
pub(super) fn busybox(folder: &Path) -> Result<PathBuf, String> {
    let unpacked = unpacked("busybox-static", folder)?;
    existing(unpacked.join("bin/busybox")).or_else(|_| existing(unpacked.join("usr/bin/busybox")))
}
