//! Runs a built tool and reads what it says.

use std::{
    env, fmt,
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Longer than anything takes on a machine that is busy.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Whether the tool, run for a moment, could trace. Prints why not, or panics if `BPF_LAYOUT_REQUIRE_KERNEL` is 1.
///
/// # Panics
/// If tracing is required and not possible.
pub fn permits(mut tool: Command) -> bool {
    let output = tool.args(["--json", "--duration", "0.01"]).output();
    let reason = match output {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    assert!(env::var_os("BPF_LAYOUT_REQUIRE_KERNEL").is_none_or(|v| v != "1"), "tracing does not work: {reason}");
    println!("skipped, as tracing does not work here: {reason}");
    false
}

/// A running tracer.
pub struct Tracer {
    child: Child,
    events: Option<JoinHandle<Vec<String>>>,
    messages: JoinHandle<String>,
}

/// What it said until it ended.
pub struct Trace {
    /// How it ended.
    pub status: ExitStatus,
    /// Of its stdout.
    pub lines: Vec<String>,
    /// All of its stderr.
    pub stderr: String,
}

impl Tracer {
    /// Starts it and returns when it has attached.
    ///
    /// # Panics
    /// If it does not.
    pub fn start(tool: Command) -> Self {
        Self::try_start(tool).unwrap_or_else(|reason| panic!("{reason}"))
    }

    /// Likewise.
    ///
    /// # Errors
    /// If it cannot be run or does not attach, with what it says.
    pub fn try_start(tool: Command) -> Result<Self, String> {
        let mut tracer = Self::try_start_unread(tool)?;
        let stdout = tracer.take_stdout();
        tracer.events = Some(thread::spawn(move || read_lines(stdout)));
        Ok(tracer)
    }

    /// Starts it, and its stdout waits in a pipe for somebody to take it.
    ///
    /// # Panics
    /// If it does not attach.
    pub fn start_unread(tool: Command) -> Self {
        Self::try_start_unread(tool).unwrap_or_else(|reason| panic!("{reason}"))
    }

    fn try_start_unread(mut tool: Command) -> Result<Self, String> {
        tool.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = tool.spawn().map_err(|error| format!("the tool does not run: {error}"))?;
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
            return Err(format!("the tool did not start: {}", messages.join().unwrap_or_default()));
        }
        prefer(child.id());
        Ok(Tracer { child, events: None, messages })
    }

    /// Its stdout.
    ///
    /// # Panics
    /// If somebody reads it already.
    pub fn take_stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().expect("stdout has not been taken")
    }

    /// Its process id.
    #[must_use]
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
                panic!("the tool does not stop");
            }
            thread::sleep(Duration::from_millis(5));
        };
        let lines = self.events.map(|events| events.join().expect("stdout can be read")).unwrap_or_default();
        let stderr = self.messages.join().expect("stderr can be read");
        Trace { status, lines, stderr }
    }
}

/// Lets a process run before all others, where that is permitted: on a busy machine, its ring buffer is full before its turn
/// comes.
fn prefer(pid: u32) {
    let _ = Command::new("chrt").args(["--fifo", "--pid", "1", &pid.to_string()]).output();
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
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} lines, {}", self.status, self.lines.len(), self.stderr)
    }
}
