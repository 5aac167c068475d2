//! `cargo xtask test`: everything that must hold before a change is merged, each step once, in one target folder.

use std::{
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use crate::{
    Flags, bench, cargo, kernel, needs,
    objects::{self, PROFILE},
    shown, succeeds,
};

/// The crate with the proofs that cross the parts. It has thousands of generated types, and zerocopy's derives on them,
/// which other crates' tests switch on, would take minutes and gigabytes. So it is built in steps of its own.
const PROOFS: &[&str] = &["--package", "bpf-layout-tests", "--locked"];

/// All other crates, with every feature that can be on together without further packages. One set for all steps, so that
/// each dependency is built once.
const OTHERS: &[&str] = &[
    "--workspace",
    "--exclude",
    "bpf-layout-tests",
    "--locked",
    "--features",
    "bpf-layout/libbpf,bpf-layout/serde,bpf-layout/zerocopy,bpf-layout/bytemuck",
];

/// The tools, with the features of [`OTHERS`], so that what they depend on is not built again.
const TOOLS: &[&str] = &[
    "--package",
    "exec",
    "--package",
    "fsnotify",
    "--package",
    "sockets",
    "--locked",
    "--features",
    "bpf-layout/libbpf,bpf-layout/serde,bpf-layout/zerocopy,bpf-layout/bytemuck",
];

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
    OwnObjects,
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
    vec![
        Step::new("format", &["fmt", "--all", "--check"], &[]),
        Step { name: "light macros", action: Action::LightMacros },
        Step::runtime("no_std runtime", "--no-default-features"),
        Step::runtime("runtime, libbpf", "--features=libbpf"),
        Step::runtime("runtime, libbpf and BTF", "--features=libbpf,btf"),
        Step::new("lints", &["clippy", "--all-targets"], OTHERS).with(&["--", "-D", "warnings"]),
        // Lints see the same in thirty random specs as in four times as many.
        Step::new("lints of proofs", &["clippy", "--all-targets"], PROOFS)
            .with(&["--", "-D", "warnings"])
            .variable("BPF_LAYOUT_ORACLE_SPECS", "30"),
        Step::new("tests", &["test", "--no-fail-fast"], OTHERS).required(flags),
        Step::profile("tools, before", "before").required(flags),
        Step::profile("tools, after", "after").required(flags),
        Step::profile("tools, lean", "lean").required(flags),
        Step::new("proofs", &["test", "--no-fail-fast"], PROOFS).required(flags),
        Step { name: "own objects", action: Action::OwnObjects },
        Step::new("format of benchmarks", &["fmt", "--check", "--manifest-path", "bench/Cargo.toml"], &[]),
        Step { name: "benchmarks", action: Action::Command(bench::command(&[], Flags { short: true, ..flags })) }
            .required(flags),
        Step::new("documentation", &["doc", "--no-deps"], OTHERS).variable("RUSTDOCFLAGS", "-D warnings"),
    ]
}

impl Step {
    /// A cargo command, on some of the workspace's crates.
    fn new(name: &'static str, words: &[&str], crates: &[&str]) -> Self {
        let mut command = cargo();
        command.args(words).args(crates);
        Step { name, action: Action::Command(command) }
    }

    /// The runtime alone, with other features than its tests switch on.
    fn runtime(name: &'static str, features: &str) -> Self {
        Step::new(name, &["check", "--locked", "--package", "bpf-layout", features], &[])
    }

    /// The tests of the tools, built with a profile of `layouts.toml`. Without one they are among all others.
    fn profile(name: &'static str, profile: &str) -> Self {
        Step::new(name, &["test", "--no-fail-fast"], TOOLS).variable(PROFILE, profile)
    }

    fn with(mut self, words: &[&str]) -> Self {
        if let Action::Command(command) = &mut self.action {
            command.args(words);
        }
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        if let Action::Command(command) = &mut self.action {
            command.env(name, value);
        }
        self
    }

    /// What cannot be tested here fails instead of being skipped, if that is asked for.
    fn required(self, flags: Flags) -> Self {
        if flags.require_kernel {
            self.variable("BPF_LAYOUT_REQUIRE_KERNEL", "1").variable("BPF_LAYOUT_REQUIRE_TOOLS", "1")
        } else {
            self
        }
    }
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
        Action::OwnObjects => objects::check(),
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
