//! Programs in C that tests run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, Command},
    thread,
};

/// Compiles a program with `cc` and these flags into `folder`. Gives its path.
///
/// # Errors
/// If there is no such compiler, or with what it says.
pub fn compile(source: &Path, flags: &[&str], folder: &Path) -> Result<PathBuf, String> {
    let stem = source.file_stem().unwrap_or_default().to_string_lossy();
    let binary = folder.join(format!("{stem}{}-{}", flags.concat(), process::id()));
    let own = binary.with_extension(format!("{:?}", thread::current().id()));
    let output = Command::new("cc").args(flags).args(["-O1", "-pthread", "-o"]).arg(&own).arg(source).output();
    let output = output.map_err(|error| format!("cc: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    // Tests that run side by side compile the same program: whoever comes last wins, and nobody sees half of it.
    fs::rename(&own, &binary).map_err(|error| error.to_string())?;
    Ok(binary)
}
