//! Runs the built binary and reads what it says.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::{
    env, fmt,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything takes on a machine that is busy.
const DEADLINE: Duration = Duration::from_secs(60);

/// The tracer.
pub fn exec() -> Command {
    Command::new(env!("CARGO_BIN_EXE_exec"))
}

/// Whether the kernel lets us trace. Prints why not, or panics if `BPF_LAYOUT_REQUIRE_KERNEL` is 1.
pub fn kernel_permits() -> bool {
    static ANSWER: OnceLock<Result<(), String>> = OnceLock::new();
    let answer = ANSWER.get_or_init(|| {
        let output = exec().args(["--json", "--duration", "0.01"]).output().map_err(|error| error.to_string())?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    });
    let Err(reason) = answer else { return true };
    assert!(env::var_os("BPF_LAYOUT_REQUIRE_KERNEL").is_none_or(|v| v != "1"), "tracing does not work: {reason}");
    println!("skipped, as tracing does not work here: {reason}");
    false
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
    let name = format!("odd{}-{}", flags.concat(), std::process::id());
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/odd.c");
    let own = binary.with_extension(format!("{:?}", thread::current().id()));
    let output = Command::new("cc").args(flags).args(["-O1", "-pthread", "-o"]).arg(&own).arg(source).output();
    let output = output.map_err(|error| format!("cc: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    // Tests that run side by side compile the same program: whoever comes last wins, and nobody sees half of it.
    std::fs::rename(&own, &binary).map_err(|error| error.to_string())?;
    Ok(binary)
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

/// A running tracer.
pub struct Tracer {
    child: Child,
    events: Option<JoinHandle<Vec<String>>>,
    messages: JoinHandle<String>,
}

/// What it said until it ended.
pub struct Trace {
    pub status: ExitStatus,
    pub lines: Vec<String>,
    pub stderr: String,
}

/// The numbers of its last line on stderr.
#[derive(Debug)]
pub struct Totals {
    pub started: u64,
    pub received: u64,
    pub lost: u64,
    pub ring_full: u64,
}

impl Tracer {
    /// Starts it with these options and returns when it has attached.
    pub fn start(options: &[&str]) -> Self {
        let mut tracer = Self::start_unread(options);
        let stdout = tracer.take_stdout();
        tracer.events = Some(thread::spawn(move || read_lines(stdout)));
        tracer
    }

    /// Likewise, but its stdout waits in a pipe for somebody to take it.
    pub fn start_unread(options: &[&str]) -> Self {
        let mut command = exec();
        command.args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("exec runs");
        let stderr = child.stderr.take().expect("a pipe");
        let (ready, started) = mpsc::channel();
        let messages = thread::spawn(move || {
            let mut text = String::new();
            for line in BufReader::new(stderr).lines() {
                text.push_str(&line.expect("stderr is text"));
                text.push('\n');
                if text.contains("Ctrl-C stops") {
                    // Nobody listens the second time.
                    let _ = ready.send(());
                }
            }
            text
        });
        if started.recv_timeout(DEADLINE).is_err() {
            let _ = child.kill();
            panic!("exec did not start: {}", messages.join().unwrap_or_default());
        }
        Tracer { child, events: None, messages }
    }

    /// Its stdout, if nobody reads it yet.
    pub fn take_stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().expect("stdout has not been taken")
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().expect("a pid")).expect("not 0");
        kill_process(pid, signal).expect("it runs");
    }

    /// As Ctrl-C does, and waits for its end.
    pub fn stop(self) -> Trace {
        self.signal(Signal::INT);
        self.wait()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Trace {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                break status;
            }
            if began.elapsed() > DEADLINE {
                let _ = self.child.kill();
                panic!("exec does not stop");
            }
            thread::sleep(Duration::from_millis(5));
        };
        let lines = self.events.map(|events| events.join().expect("stdout can be read")).unwrap_or_default();
        let stderr = self.messages.join().expect("stderr can be read");
        Trace { status, lines, stderr }
    }
}

fn read_lines(stdout: impl Read) -> Vec<String> {
    BufReader::new(stdout).lines().map(|line| line.expect("stdout is text")).collect()
}

impl Trace {
    /// Every event, each line having been valid JSON.
    pub fn events(&self) -> Vec<Value> {
        let parse = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.lines.iter().map(parse).collect()
    }

    /// The events that have this argument.
    pub fn events_with(&self, marker: &str) -> Vec<Value> {
        let has = |event: &Value| event["args"].as_array().is_some_and(|args| args.iter().any(|arg| arg == marker));
        self.events().into_iter().filter(has).collect()
    }

    /// The only event with this argument.
    pub fn event_with(&self, marker: &str) -> Value {
        let mut events = self.events_with(marker);
        assert_eq!(events.len(), 1, "events with {marker}: {events:#?}\n{}", self.stderr);
        events.remove(0)
    }

    /// The account at the end, which must add up.
    pub fn totals(&self) -> Totals {
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

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} lines, {}", self.status, self.lines.len(), self.stderr)
    }
}
