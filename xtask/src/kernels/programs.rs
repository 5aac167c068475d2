//! Programs for the guest, which bring their libraries along, and the objects that one of them loads.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{cargo, shown, succeeds};

const STATIC: &str = "-C target-feature=+crt-static";
/// With a target named, these flags are not for build scripts.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The memory model, which asks the kernel by itself.
pub(super) const MEMORY: Package = &["--package", "bpf-layout-memory"];
/// The generator of C, whose tests load objects by libbpf.
pub(super) const EMIT: Package = &["--package", "bpf-layout-emit", "--features", "libbpf-rs/static"];

/// A package, and what it takes to link it so.
type Package = &'static [&'static str];

/// Builds a static program of a package, and gives its path.
pub(super) fn executable(folder: &Path, package: Package, task: &[&str]) -> Result<PathBuf, String> {
    let mut build = cargo();
    build.args(task).args(package).args(["--locked", "--release", "--target", TARGET]);
    build.args(["--message-format", "json-render-diagnostics", "--target-dir"]).arg(folder);
    // Where libelf and zlib are, which libbpf-sys does not look for.
    build.env("LIBBPF_SYS_LIBRARY_PATH", libraries()?).env("RUSTFLAGS", STATIC).stderr(Stdio::inherit());
    let output = build.output().map_err(|error| format!("cannot run `{}`: {error}", shown(&build)))?;
    let messages = String::from_utf8_lossy(&output.stdout);
    // "executable" stands last in a message, and is null for libraries.
    let path = messages.lines().rev().find_map(|line| line.split_once("\"executable\":\"")?.1.split('"').next());
    match path {
        Some(path) if output.status.success() => Ok(PathBuf::from(path)),
        _ => Err(format!("`{}` failed", shown(&build))),
    }
}

/// Has every object that kernels are asked about built into a folder.
pub(super) fn objects(build: &Path, folder: &Path) -> Result<(), String> {
    let mut builder = Command::new(executable(build, EMIT, &["build", "--example", "objects"])?);
    if succeeds(builder.arg(folder))? { Ok(()) } else { Err(format!("`{}` failed", shown(&builder))) }
}

/// The folder of the host's static libraries.
fn libraries() -> Result<PathBuf, String> {
    let mut ask = Command::new("cc");
    ask.arg("-print-file-name=libelf.a");
    let output = ask.output().map_err(|error| format!("cannot run `{}`: {error}", shown(&ask)))?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    // What it does not find it gives as it is.
    match path.parent() {
        Some(folder) if path.is_file() => Ok(folder.to_path_buf()),
        _ => Err("there is no libelf.a, which the guest needs; Debian has it in libelf-dev".into()),
    }
}
