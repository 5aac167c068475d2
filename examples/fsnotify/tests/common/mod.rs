//! Runs the built binary and reads what it says.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

use serde_json::Value;
use tempfile::TempDir;
pub use tool::testing::{Trace, Tracer};
use tool::testing::{compile, permits};

/// The tool.
pub fn fsnotify() -> Command {
    Command::new(env!("CARGO_BIN_EXE_fsnotify"))
}

/// Starts it, printing JSON, and returns when it has attached.
pub fn start(options: &[&str]) -> Tracer {
    let mut tool = fsnotify();
    tool.arg("--json").args(options);
    Tracer::start(tool)
}

/// How often an action is repeated that the tool has not seen as a whole.
const TRIES: usize = 20;

/// What an action did, as the tool saw it.
pub struct Traced<T> {
    pub trace: Trace,
    /// The folder that it worked in.
    pub path: String,
    pub result: T,
}

/// Traces an action in a folder of its own, one action at a time. The machine does other things meanwhile, and the ring
/// buffer may be full of them: then once more.
pub fn traced_with<T>(options: impl Fn(&str) -> Vec<String>, mut act: impl FnMut(&str) -> T) -> Traced<T> {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..TRIES {
        let (_folder, path) = folder();
        let options = options(&path);
        let tracer = start(&options.iter().map(String::as_str).collect::<Vec<_>>());
        let result = act(&path);
        let trace = tracer.stop();
        if trace.total("ring buffer full") == 0 {
            return Traced { trace, path, result };
        }
    }
    panic!("the ring buffer was full, {TRIES} times");
}

/// Likewise, of what is done in that folder.
pub fn traced<T>(act: impl FnMut(&str) -> T) -> Traced<T> {
    traced_with(|path| vec!["--path".to_owned(), path.to_owned()], act)
}

/// Likewise, of what a program does, wherever.
pub fn traced_program<T>(program: &Path, act: impl FnMut(&str) -> T) -> Traced<T> {
    let name = program.file_name().and_then(|name| name.to_str()).expect("a name");
    // As much of it as the kernel keeps, TASK_COMM_LEN.
    let comm = name.get(..15).unwrap_or(name).to_owned();
    traced_with(|_| vec!["--comm".to_owned(), comm.clone()], act)
}

/// Whether the kernel lets us trace. Prints why not, or panics if `BPF_LAYOUT_REQUIRE_KERNEL` is 1.
pub fn kernel_permits() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| permits(fsnotify()))
}

/// The profile that it was built with, if any.
pub fn profile() -> Option<&'static str> {
    option_env!("BPF_LAYOUT_PROFILE").filter(|profile| !profile.is_empty())
}

/// A number that the tool was built with, from its `--version`: the one behind or before this word.
pub fn built_with(word: &str) -> usize {
    let output = fsnotify().arg("--version").output().expect("fsnotify runs");
    let text = String::from_utf8(output.stdout).expect("the version is text");
    let words: Vec<_> = text.split([' ', ',', '\n']).filter(|word| !word.is_empty()).collect();
    let at = words.iter().position(|found| *found == word).unwrap_or_else(|| panic!("no {word} in {text}"));
    let number = |at: usize| words.get(at)?.parse().ok();
    number(at + 1).or_else(|| number(at - 1)).unwrap_or_else(|| panic!("no number at {word} in {text}"))
}

/// A folder that goes with the test, and its path without symbolic links.
pub fn folder() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = text(folder.path());
    (folder, path)
}

/// A path without symbolic links, as text.
pub fn text(path: &Path) -> String {
    fs::canonicalize(path).expect("it exists").to_str().expect("a path that is text").to_owned()
}

/// The program that does odd things, compiled with these flags.
pub fn odd_with(flags: &[&str]) -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/odd.c");
    compile(&source, flags, Path::new(env!("CARGO_TARGET_TMPDIR")))
}

/// The same for this machine.
pub fn odd_program() -> PathBuf {
    odd_with(&[]).expect("odd.c compiles")
}

/// `odd` with the words of a mode, ready to run in this folder.
pub fn odd(folder: &str, words: &[&str]) -> Command {
    let mut command = Command::new(odd_program());
    command.args(words).current_dir(folder);
    command
}

/// A program that has ended.
pub struct Ended {
    pub pid: u32,
    pub stdout: String,
}

/// Runs it to its end and expects success.
pub fn run(command: &mut Command) -> Ended {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let pid = child.id();
    let mut stdout = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut stdout).expect("it prints text");
    let status = child.wait().expect("it is our child");
    assert!(status.success(), "{command:?}: {status}");
    Ended { pid, stdout }
}

/// Runs a shell script with `$1` as the folder to work in, in a mount namespace of its own.
pub fn run_mounts(script: &str, folder: &str) -> Ended {
    run(Command::new("unshare").args(["--mount", "sh", "-c", &format!("set -e; {script}"), "sh", folder]))
}

/// Many threads that wait inside of `open`.
pub struct Waiting {
    child: Child,
}

impl Waiting {
    /// Starts them, in this folder, and returns when all are there.
    pub fn start(folder: &str, count: usize) -> Self {
        let mut command = odd(folder, &["waits", &count.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("odd runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        Waiting { child }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends them.
    pub fn end(mut self) {
        self.child.stdin.take().expect("a pipe").write_all(b"\n").expect("it reads");
        self.child.wait().expect("it is our child");
    }

    /// Kills them.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is our child");
    }
}

/// What the events and the account of this tool are.
pub trait FsnotifyTrace {
    /// The events of a process.
    fn of(&self, pid: u32) -> Vec<Value>;
    /// Those of which a path begins like this.
    fn below(&self, prefix: &str) -> Vec<Value>;
    /// The number behind this word in the account at the end, which must add up.
    fn total(&self, word: &str) -> u64;
}

impl FsnotifyTrace for Trace {
    fn of(&self, pid: u32) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["pid"] == pid).collect()
    }

    fn below(&self, prefix: &str) -> Vec<Value> {
        let begins = |path: &Value| path.as_str().is_some_and(|path| path.starts_with(prefix));
        self.events().into_iter().filter(|event| begins(&event["file"]) || begins(&event["to_file"])).collect()
    }

    fn total(&self, word: &str) -> u64 {
        let line = self.stderr.lines().last().unwrap_or_default();
        let before = |word: &str| line.split_once(word)?.0.rsplit(' ').next()?.parse::<u64>().ok();
        let behind = |word: &str| line.split_once(word)?.1.split([',', ')']).next()?.trim().parse::<u64>().ok();
        let number = |found: Option<u64>| found.unwrap_or_else(|| panic!("no totals in {line}"));
        let (started, received, lost) = (before(" calls started"), before(" received"), before(" lost"));
        assert_eq!(number(received) + number(lost), number(started), "{line}");
        number(before(&format!(" {word}")).or_else(|| behind(&format!("{word}:"))))
    }
}
