//! Programs of Rust's own world that a task needs: installed by rustup and cargo, after saying so.

use std::process::{Command, Stdio};

use crate::{shown, succeeds};

/// The toolchain with sanitizers and Miri, beside the stable one.
const NIGHTLY: &str = "nightly";

/// A cargo command of the nightly toolchain.
pub(crate) fn nightly(words: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", NIGHTLY, "cargo"]).args(words).current_dir(crate::root());
    // Those of the cargo that started us, which is another.
    for variable in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "CARGO_MANIFEST_DIR", "CARGO_PKG_NAME"] {
        command.env_remove(variable);
    }
    command
}

/// Sees to it that there is a nightly toolchain with these components.
///
/// # Errors
/// With how to get it, if it may not or cannot be installed.
pub(crate) fn provide_nightly(components: &[&str], no_install: bool) -> Result<(), String> {
    let listed = Command::new("rustup").args(["component", "list", "--installed", "--toolchain", NIGHTLY]).output();
    let listed = listed.map_err(|error| format!("cannot run `rustup`: {error}; see https://rustup.rs"))?;
    let installed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let has = |component: &&&str| !installed.lines().any(|line| line.starts_with(**component));
    let lacking: Vec<&&str> = components.iter().filter(has).collect();
    if listed.status.success() && lacking.is_empty() {
        return Ok(());
    }
    let mut install = Command::new("rustup");
    install.args(["toolchain", "install", NIGHTLY, "--profile", "minimal", "--no-self-update"]);
    for component in components {
        install.args(["--component", component]);
    }
    perform(&mut install, "a nightly toolchain is missing, or a part of it", no_install)
}

/// Sees to it that `cargo NAME` exists: `cargo install cargo-NAME`.
///
/// # Errors
/// With how to get it, if it may not or cannot be installed.
pub(crate) fn provide_subcommand(name: &str, no_install: bool) -> Result<(), String> {
    let mut version = Command::new("cargo");
    version.args([name, "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if succeeds(&mut version).unwrap_or(false) {
        return Ok(());
    }
    let mut install = Command::new("cargo");
    install.args(["install", "--locked"]).arg(format!("cargo-{name}"));
    perform(&mut install, &format!("`cargo {name}` is missing"), no_install)
}

fn perform(install: &mut Command, what: &str, no_install: bool) -> Result<(), String> {
    let command = shown(install);
    if no_install {
        return Err(format!("{what}; install it with\n  {command}"));
    }
    println!("{what}\n$ {command}");
    if succeeds(install)? { Ok(()) } else { Err(format!("`{command}` failed")) }
}
