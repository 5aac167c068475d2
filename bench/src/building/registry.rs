//! bpf-layout as a registry gives it to its users. Cargo builds packages of a registry otherwise than those that lie in
//! folders beside: without the state of incremental builds, in fewer parts, and without a look at each of their files.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::root;

/// The packages that a program of a user may need, whatever features it asks for.
const PACKAGES: &[&str] = &[
    "bpf-layout",
    "bpf-layout-btf",
    "bpf-layout-check",
    "bpf-layout-codegen",
    "bpf-layout-emit",
    "bpf-layout-lint",
    "bpf-layout-live",
    "bpf-layout-macros",
    "bpf-layout-memory",
    "bpf-layout-spec",
    "bpf-layout-usage",
];

/// Makes a registry in `folder` of all that the workspace's lock names, and of the workspace's own packages. What has
/// cargo use it, for its `--config`.
///
/// # Errors
/// If cargo cannot make the packages, or files cannot be written.
pub(super) fn make(folder: &Path) -> Result<PathBuf, String> {
    let vendored = folder.join("vendor");
    let mut vendor = cargo();
    // Not offline: what the lock names for other systems has not been fetched for any build.
    succeeds(vendor.args(["vendor", "--quiet", "--locked", "--versioned-dirs"]).arg(&vendored))?;
    let made = folder.join("packages");
    let mut package = cargo();
    package.args(["package", "--quiet", "--offline", "--allow-dirty", "--no-verify"]).arg("--target-dir").arg(&made);
    package.args(PACKAGES.iter().flat_map(|name| ["--package", name]));
    succeeds(&mut package)?;
    let archives = made.join("package");
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    for entry in fs::read_dir(&archives).map_err(|error| failed(&archives, error))?.flatten() {
        let archive = entry.path();
        if archive.extension().is_some_and(|extension| extension == "crate") {
            succeeds(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(&vendored))?;
            let name = archive.file_stem().unwrap_or_default();
            // Cargo asks for the sums of a package's files, and takes none for an answer.
            let sums = vendored.join(name).join(".cargo-checksum.json");
            fs::write(&sums, "{\"files\":{}}").map_err(|error| failed(&sums, error))?;
        }
    }
    let config = folder.join("registry.toml");
    let text = format!(
        "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = \"{}\"\n",
        vendored.display()
    );
    fs::write(&config, text).map_err(|error| failed(&config, error))?;
    Ok(config)
}

/// In the workspace.
fn cargo() -> Command {
    let mut command = Command::new(super::cargo());
    command.current_dir(root());
    command
}

fn succeeds(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
