//! `cargo xtask sanitize`: the runtime, and the parsers that are generated for it, interpreted by Miri, which sees every
//! access that the rules of Rust do not allow.

use std::process::ExitCode;

use crate::{Flags, needs, shown, succeeds, tools};

/// What Miri runs: the seeds of the fuzz targets whose work is `unsafe` blocks, each of every golden's generated code.
const TESTS: &[&str] = &["parsers", "conversions", "skew"];

/// Seeds are files, which Miri keeps its programs from. Pointers must come from where they say that they do.
const MIRI_FLAGS: &str = "-Zmiri-disable-isolation -Zmiri-strict-provenance -Zmiri-symbolic-alignment-check";

pub(crate) fn run(flags: Flags) -> Result<ExitCode, String> {
    needs::provide(needs::FUZZ, &[], flags.no_install)?;
    tools::provide_nightly(&["miri", "rust-src"], flags.no_install)?;
    let mut command = tools::nightly(&["miri", "test", "--locked", "--package", "bpf-layout-fuzz", "--test", "replay"]);
    command.arg("--").args(TESTS).env("MIRIFLAGS", MIRI_FLAGS);
    println!("$ MIRIFLAGS=\"{MIRI_FLAGS}\" {}", shown(&command));
    Ok(if succeeds(&mut command)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
