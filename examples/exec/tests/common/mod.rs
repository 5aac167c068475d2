//! Runs the built binary and reads what it says.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use serde_json::Value;
use tempfile::TempDir;
pub use tool::testing::{Trace, Tracer};
use tool::testing::{compile, permits};

/// The tracer.
pub fn exec() -> Command {
    Command::new(env!("CARGO_BIN_EXE_exec"))
}

/// Starts it with these options and returns when it has attached.
pub fn start(options: &[&str]) -> Tracer {
    Tracer::start(with(options))
}

/// Likewise, but its stdout waits in a pipe for somebody to take it.
pub fn start_unread(options: &[&str]) -> Tracer {
    Tracer::start_unread(with(options))
}

fn with(options: &[&str]) -> Command {
    let mut exec = exec();
    exec.args(options);
    exec
}

/// Whether the kernel lets us trace. Prints why not, or panics if `BPF_LAYOUT_REQUIRE_KERNEL` is 1.
pub fn kernel_permits() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| permits(exec()))
}

/// A length or number from `exec --version`, such as `PATH` or `ARGS`.
pub fn built_with(name: &str) -> usize {
    let output = exec().arg("--version").output().expect("exec runs");
    let text = String::from_utf8(output.stdout).expect("the version is text");
    let words: Vec<_> = text.split([' ', ',', '\n']).collect();
    let at = words.iter().position(|word| *word == name).unwrap_or_else(|| panic!("no {name} in {text}"));
    words[at + 1].parse().unwrap_or_else(|_| panic!("no number after {name} in {text}"))
}

/// A folder that goes with the test.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// An argument that no other process has.
pub fn marker(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The program that calls execve in odd ways, compiled with these flags.
pub fn odd(flags: &[&str]) -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/odd.c");
    compile(&source, flags, Path::new(env!("CARGO_TARGET_TMPDIR")))
}

/// `odd` with the words of a mode, ready to run.
pub fn odd_command(words: &[&str]) -> Command {
    let mut command = Command::new(odd(&[]).expect("odd.c compiles"));
    command.args(words);
    command
}

/// Runs it to its end and expects success.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {} {}", output.status, String::from_utf8_lossy(&output.stderr));
    output
}

/// The numbers of its last line on stderr.
#[derive(Debug)]
pub struct Totals {
    pub started: u64,
    pub received: u64,
    pub lost: u64,
    pub ring_full: u64,
}

/// What the events and the account of this tool are.
pub trait ExecTrace {
    /// The events that have this argument.
    fn events_with(&self, marker: &str) -> Vec<Value>;
    /// The only event with this argument.
    fn event_with(&self, marker: &str) -> Value;
    /// The account at the end, which must add up.
    fn totals(&self) -> Totals;
}

impl ExecTrace for Trace {
    fn events_with(&self, marker: &str) -> Vec<Value> {
        let has = |event: &Value| event["args"].as_array().is_some_and(|args| args.iter().any(|arg| arg == marker));
        self.events().into_iter().filter(has).collect()
    }

    fn event_with(&self, marker: &str) -> Value {
        let mut events = self.events_with(marker);
        assert_eq!(events.len(), 1, "events with {marker}: {events:#?}\n{}", self.stderr);
        events.remove(0)
    }

    fn totals(&self) -> Totals {
        let line = self.stderr.lines().last().unwrap_or_default();
        let number = |before: &str, after: &str| {
            let (head, _) = line.split_once(after)?;
            head.rsplit_once(before)?.1.trim().parse().ok()
        };
        let find = |before: &str, after: &str| number(before, after).unwrap_or_else(|| panic!("no totals in {line}"));
        let totals = Totals {
            started: find("exec:", " calls started"),
            received: find(",", " received"),
            lost: find(",", " lost"),
            ring_full: find("ring buffer full:", ", killed inside"),
        };
        assert_eq!(totals.received + totals.lost, totals.started, "{line}");
        totals
    }
}
