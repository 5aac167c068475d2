//! `cargo xtask sanitize`: every `unsafe` block at work under something that sees what the rules of Rust do not allow. What is
//! made of bytes alone, Miri interprets. What asks the kernel, which Miri cannot, runs under AddressSanitizer.

use std::process::{Command, ExitCode};

use crate::{Flags, kernel, needs, shown, succeeds, tools};

/// What Miri runs: the seeds of the fuzz targets whose work is `unsafe` blocks, each of every golden's generated code.
const TESTS: &[&str] = &["parsers", "compact", "conversions", "skew"];

/// Seeds are files, which Miri keeps its programs from. Pointers must come from where they say that they do.
const MIRI_FLAGS: &str = "-Zmiri-disable-isolation -Zmiri-strict-provenance";

/// What AddressSanitizer watches: the crate that calls `bpf(2)` and `mmap(2)`, with its tests in this kernel.
const CALLS: &str = "bpf-layout-live";

pub(crate) fn run(flags: Flags) -> Result<ExitCode, String> {
    needs::provide(needs::FUZZ, &[], flags.no_install)?;
    tools::provide_nightly(&["miri", "rust-src"], flags.no_install)?;
    kernel::mount_what_is_missing()?;
    for obstacle in kernel::obstacles() {
        println!("note: what asks the kernel is skipped: {obstacle}");
    }
    let steps = [("MIRIFLAGS", MIRI_FLAGS, miri()), ("RUSTFLAGS", "-Zsanitizer=address", address_sanitizer())];
    let mut clean = true;
    for (variable, value, mut command) in steps {
        println!("\n$ {variable}=\"{value}\" {}", shown(&command));
        clean &= succeeds(command.env(variable, value))?;
    }
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn miri() -> Command {
    let mut command = tools::nightly(&["miri", "test", "--locked", "--package", "bpf-layout-fuzz", "--test", "replay"]);
    command.arg("--").args(TESTS);
    command
}

fn address_sanitizer() -> Command {
    // Where no target is named, build scripts and macros would be built with the sanitizer, too.
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let words = ["test", "--locked", "--target", &target, "--target-dir", "target/sanitize", "--package", CALLS];
    tools::nightly(&[&words[..], &["--lib", "--tests"]].concat())
}
