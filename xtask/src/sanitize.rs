//! `cargo xtask sanitize`: every `unsafe` block at work under something that sees what the rules of Rust do not allow. What is
//! made of bytes alone, Miri interprets. What asks the kernel, which Miri cannot, runs under AddressSanitizer.

use std::{
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use crate::{Flags, kernel, needs, shown, succeeds, tools};

/// What Miri runs: the seeds of the fuzz targets that read records, each of every golden's generated code. One process each,
/// so that what takes long or fails hides none of the others.
const RECORDS: &[&str] = &["parsers", "compact", "conversions", "skew"];

/// What AddressSanitizer watches, with its tests in this kernel: the crate that calls `bpf(2)` and `mmap(2)`, and of the
/// runtime what asks C, which is clocks, batches and the maps of an opened object.
const CALLS: &[(&str, &[&str])] = &[
    ("bpf-layout-live", &["--lib", "--tests"]),
    ("bpf-layout", &["--lib", "--test", "kernel", "--test", "verify_kernel"]),
];

/// Variables of the environment, and what they say.
type Variables = &'static [(&'static str, &'static str)];

/// Seeds are files, which Miri keeps its programs from. Pointers must come from where they say that they do.
const MIRI: Variables = &[("MIRIFLAGS", "-Zmiri-disable-isolation -Zmiri-strict-provenance")];

/// What is never freed is sound, and tests make tables that live as long as generated ones do.
const ADDRESS_SANITIZER: Variables = &[("RUSTFLAGS", "-Zsanitizer=address"), ("ASAN_OPTIONS", "detect_leaks=0")];

/// One program under one of the two.
struct Step {
    name: String,
    variables: Variables,
    command: Command,
}

pub(crate) fn run(flags: Flags) -> Result<ExitCode, String> {
    needs::provide(needs::FUZZ, &[], flags.no_install)?;
    tools::provide_nightly(&["miri", "rust-src"], flags.no_install)?;
    kernel::mount_what_is_missing()?;
    for obstacle in kernel::obstacles() {
        println!("note: what asks the kernel is skipped: {obstacle}");
    }
    let steps = RECORDS.iter().map(|name| Step::miri(name)).chain(CALLS.iter().map(Step::address_sanitizer));
    let mut outcomes = Vec::new();
    for step in steps {
        outcomes.push(step.perform()?);
    }
    println!("\n== seconds, with the builds");
    for (name, clean, took) in &outcomes {
        println!("{name:<34} {:>6.1} {}", took.as_secs_f64(), if *clean { "" } else { "FAILED" });
    }
    Ok(if outcomes.iter().all(|(_, clean, _)| *clean) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Step {
    fn miri(target: &str) -> Self {
        let words = ["miri", "test", "--locked", "--package", "bpf-layout-fuzz", "--test", "records"];
        let mut command = tools::nightly(&words);
        // It says which seed it is at, and what of it is left out.
        command.args(["--", "--exact", target, "--nocapture"]);
        Step { name: format!("Miri: {target}"), variables: MIRI, command }
    }

    fn address_sanitizer((package, tests): &(&str, &[&str])) -> Self {
        // Where no target is named, build scripts and macros would be built with the sanitizer, too.
        let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let words = ["test", "--locked", "--target", &target, "--target-dir", "target/sanitize", "--package", package];
        let command = tools::nightly(&[&words[..], tests].concat());
        let name = format!("AddressSanitizer: {package}");
        Step { name, variables: ADDRESS_SANITIZER, command }
    }

    /// Its name, whether nothing was found, and how long it took.
    fn perform(mut self) -> Result<(String, bool, Duration), String> {
        let variables: String = self.variables.iter().map(|(name, value)| format!("{name}=\"{value}\" ")).collect();
        println!("\n$ {variables}{}", shown(&self.command));
        let start = Instant::now();
        let clean = succeeds(self.command.envs(self.variables.iter().copied()))?;
        Ok((self.name, clean, start.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::RECORDS;

    #[test]
    fn miri_is_given_every_target_that_reads_records() {
        let file = crate::root().join("tests/fuzz/tests/records.rs");
        let text = fs::read_to_string(file).expect("readable");
        assert!(text.contains(&format!("replays! {{ RECORDS: {} }}", RECORDS.join(" "))), "{text}");
    }
}
