//! `cargo xtask test`: everything that must hold before a change is merged, each step once, in one target folder.

use std::{
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use crate::{Flags, cargo, kernel, needs, shown, succeeds};

/// Every feature that can be on together without further packages. One set for all steps, so that each dependency is
/// built once.
const FEATURES: &str = "bpf-layout/libbpf,bpf-layout/serde,bpf-layout/zerocopy,bpf-layout/bytemuck";

/// Crates that must not be below the macros: whoever writes `#[derive]` or `include_layouts!` shall wait for none of
/// them.
const HEAVY: &[&str] =
    &["bindgen", "cc", "clang-sys", "clap", "libbpf-cargo", "libbpf-rs", "libbpf-sys", "serde_derive"];

/// One thing to run, and what the summary calls it.
struct Step {
    name: &'static str,
    action: Action,
}

enum Action {
    Command(Command),
    LightMacros,
}

/// How a step went.
struct Outcome {
    name: &'static str,
    failure: Option<String>,
    took: Duration,
}

pub(crate) fn run(flags: Flags) -> Result<ExitCode, String> {
    needs::provide(needs::BUILD, needs::TEST, flags.no_install)?;
    kernel::mount_what_is_missing()?;
    let outcomes: Vec<Outcome> = steps(flags).into_iter().map(perform).collect();
    Ok(summary(&outcomes, flags))
}

fn steps(flags: Flags) -> Vec<Step> {
    let workspace = ["--workspace", "--locked", "--features", FEATURES];
    let step = |name, words: &[&str]| {
        let mut command = cargo();
        command.args(words);
        Step { name, action: Action::Command(command) }
    };
    let mut tests = cargo();
    tests.arg("test").args(workspace).arg("--no-fail-fast");
    if flags.require_kernel {
        tests.env("BPF_LAYOUT_REQUIRE_KERNEL", "1").env("BPF_LAYOUT_REQUIRE_TOOLS", "1");
    }
    let mut docs = cargo();
    docs.arg("doc").args(workspace).arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings");
    let mut lints = cargo();
    lints.arg("clippy").args(workspace).args(["--all-targets", "--", "-D", "warnings"]);
    vec![
        step("format", &["fmt", "--all", "--check"]),
        Step { name: "light macros", action: Action::LightMacros },
        step("no_std runtime", &["check", "--locked", "--package", "bpf-layout", "--no-default-features"]),
        Step { name: "lints", action: Action::Command(lints) },
        Step { name: "tests", action: Action::Command(tests) },
        Step { name: "documentation", action: Action::Command(docs) },
    ]
}

fn perform(step: Step) -> Outcome {
    let started = Instant::now();
    println!("\n== {}", step.name);
    let result = match step.action {
        Action::Command(mut command) => {
            println!("$ {}", shown(&command));
            succeeds(&mut command).and_then(|ok| if ok { Ok(()) } else { Err(format!("`{}` failed", shown(&command))) })
        }
        Action::LightMacros => light_macros(),
    };
    Outcome { name: step.name, failure: result.err(), took: started.elapsed() }
}

/// Looks through all that is built before the macros.
fn light_macros() -> Result<(), String> {
    let mut command = cargo();
    command.args(["tree", "--locked", "--package", "bpf-layout-macros", "--edges", "normal,build", "--prefix", "none"]);
    let output = command.output().map_err(|error| format!("cannot run `{}`: {error}", shown(&command)))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let tree = String::from_utf8_lossy(&output.stdout);
    let below: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    if !below.contains(&"bpf-layout-spec") {
        return Err(format!("`{}` does not list what is below the macros", shown(&command)));
    }
    match HEAVY.iter().find(|heavy| below.contains(heavy)) {
        Some(heavy) => {
            Err(format!("`{heavy}` is built before the macros; `cargo tree -p bpf-layout-macros -i {heavy}` says why"))
        }
        None => Ok(()),
    }
}

fn summary(outcomes: &[Outcome], flags: Flags) -> ExitCode {
    println!("\n== summary");
    for outcome in outcomes {
        let word = if outcome.failure.is_some() { "FAILED" } else { "ok" };
        println!("{word:<7} {:<16} {:>5} s", outcome.name, outcome.took.as_secs());
    }
    for reason in outcomes.iter().filter_map(|outcome| outcome.failure.as_ref()) {
        eprintln!("error: {reason}");
    }
    if !flags.require_kernel {
        for obstacle in kernel::obstacles() {
            println!("note: kernel tests were skipped: {obstacle}");
        }
    }
    if outcomes.iter().any(|outcome| outcome.failure.is_some()) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
