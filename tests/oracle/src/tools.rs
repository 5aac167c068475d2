//! Programs that may or may not be there.

use std::{
    path::Path,
    process::{Command, Output},
};

/// Whether a program can be started. If it cannot, says so, or fails where `BPF_LAYOUT_REQUIRE_TOOLS=1` asks for every
/// tool.
///
/// # Panics
/// If the tool is missing and required.
#[must_use]
pub fn available(program: &str) -> bool {
    let found = version(program).is_some();
    if !found {
        assert!(!required("BPF_LAYOUT_REQUIRE_TOOLS"), "{program} is not installed, and BPF_LAYOUT_REQUIRE_TOOLS=1");
        eprintln!("skipped: {program} is not installed");
    }
    found
}

/// The first line that a program says of its version; nothing if it cannot be started.
#[must_use]
pub fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(|line| line.trim().to_owned())
}

/// Whether the environment asks for something by a variable set to 1.
#[must_use]
pub fn required(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value == "1")
}

/// Runs a program in a folder and gives what it printed.
///
/// # Errors
/// If it cannot be started or fails; with what it said.
pub fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<String, String> {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let Output { status, stdout, stderr } = output.map_err(|error| format!("{program}: {error}"))?;
    if !status.success() {
        let said = String::from_utf8_lossy(&stderr);
        return Err(format!("{program} {} failed: {status}\n{said}", arguments.join(" ")));
    }
    String::from_utf8(stdout).map_err(|error| format!("{program} printed no UTF-8: {error}"))
}
