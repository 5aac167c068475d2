//! `cargo xtask bench`: what bpf-layout costs beside its peers, as docs/performance.md has it. The programs are in `bench/`,
//! a workspace of its own, whose dependencies nothing else needs.

use std::process::{Command, ExitCode};

use crate::{Flags, cargo, kernel, needs, root, shown, succeeds};

/// Builds the benchmarks and runs those of `groups`, or all.
pub(crate) fn run(groups: &[String], flags: Flags) -> Result<ExitCode, String> {
    needs::provide(needs::BUILD, needs::BENCH, flags.no_install)?;
    kernel::mount_what_is_missing()?;
    let mut command = command(groups, flags);
    println!("$ {}", shown(&command));
    Ok(if succeeds(&mut command)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The benchmarks at work. In short form they are built like everything else, in the same folder, so that little is built
/// for them; otherwise with optimisation.
pub(crate) fn command(groups: &[String], flags: Flags) -> Command {
    let mut command = cargo();
    command.args(["run", "--quiet", "--locked", "--manifest-path", "bench/Cargo.toml"]);
    if flags.short {
        command.arg("--target-dir").arg(root().join("target"));
    } else {
        command.arg("--release").arg("--target-dir").arg(root().join("target").join("bench"));
    }
    command.arg("--").args(groups);
    for (flag, is_set) in [("--short", flags.short), ("--write", flags.write)] {
        if is_set {
            command.arg(flag);
        }
    }
    command
}
