//! `cargo xtask case-study`: what the tools cost in each profile, predicted and measured, as docs/case-study.md has it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use crate::{
    Flags, cargo, kernel, needs,
    objects::{PROFILE, TOOLS, profiles},
    shown, succeeds,
};

pub(crate) fn run(flags: Flags) -> Result<ExitCode, String> {
    needs::provide(needs::BUILD, &[], flags.no_install)?;
    let target = target()?;
    let folder = target.join("case-study-tools");
    for profile in profiles()? {
        build(TOOLS, &profile)?;
        collect(&target, &folder.join(&profile))?;
    }
    build(&["case-study"], "")?;
    let obstacles = kernel::obstacles();
    let mut command = Command::new(target.join("case-study"));
    if obstacles.is_empty() {
        command.arg(&folder);
    }
    if flags.markdown {
        command.arg("--markdown");
    }
    let done = succeeds(&mut command)?;
    for obstacle in &obstacles {
        eprintln!("note: nothing was measured: {obstacle}");
    }
    Ok(if done && obstacles.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The folder of what cargo builds: where we are ourselves.
fn target() -> Result<PathBuf, String> {
    let own = env::current_exe().map_err(|error| format!("cannot find the target folder: {error}"))?;
    own.parent().map(Path::to_path_buf).ok_or_else(|| format!("{} is in no folder", own.display()))
}

fn build(packages: &[&str], profile: &str) -> Result<(), String> {
    let mut command = cargo();
    command.args(["build", "--quiet", "--locked"]).env(PROFILE, profile);
    command.args(packages.iter().flat_map(|package| ["--package", package]));
    eprintln!("$ {PROFILE}={profile} {}", shown(&command));
    if succeeds(&mut command)? { Ok(()) } else { Err(format!("`{}` failed", shown(&command))) }
}

/// Keeps the tools that were built, as the next profile overwrites them.
fn collect(target: &Path, folder: &Path) -> Result<(), String> {
    let failed = |path: &Path, error| format!("{}: {error}", path.display());
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for tool in TOOLS {
        let (from, to) = (target.join(tool), folder.join(tool));
        fs::copy(&from, &to).map_err(|error| failed(&from, error))?;
    }
    Ok(())
}
