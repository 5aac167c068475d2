//! `cargo xtask demo`: the `exec` example at work, from a machine with nothing on it, in one command.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::Duration,
};

use crate::{Flags, cargo, kernel, needs, shown, succeeds};

/// Seconds that the tracer runs; the commands take a fraction of the first.
const SECONDS: &str = "3";

/// How the tracer's line on standard error begins that says that it is at work.
const ATTACHED: &str = "exec: tracing";

/// What is started for the tracer to see. The last one does not exist, which is an event as well.
const COMMANDS: &[&[&str]] = &[
    &["uname", "-r"],
    &["sh", "-c", "exec true 'an argument with spaces' ''"],
    &["ls", "-d", "/", "/tmp"],
    &["env", "--chdir=/usr/share", "cat", "/dev/null"],
    &["/usr/bin/no-such-program"],
];

/// Where they are looked for: each folder that lacks one is a failed execve more.
const PATH: &str = "/usr/bin:/bin";

pub(crate) fn run(flags: Flags) -> Result<ExitCode, String> {
    needs::provide(needs::BUILD, &[], flags.no_install)?;
    println!("building the `exec` example");
    if !succeeds(cargo().args(["build", "--locked", "--package", "exec"]))? {
        return Err("the example does not build; what cargo said stands above".into());
    }
    let mut tracer = start(&executable()?)?;
    let lines = BufReader::new(tracer.stderr.take().ok_or("the tracer has no standard error")?).lines();
    let mut commands = None;
    for line in lines.map_while(Result::ok) {
        eprintln!("{line}");
        if line.starts_with(ATTACHED) && commands.is_none() {
            commands = Some(thread::spawn(start_commands));
        }
    }
    let status = tracer.wait().map_err(|error| format!("waiting for the tracer: {error}"))?;
    let joined = commands.map(thread::JoinHandle::join);
    match joined {
        Some(Ok(())) if status.success() => Ok(ExitCode::SUCCESS),
        _ => Err(explain()),
    }
}

/// The example stands beside ourselves: same target folder, same profile.
fn executable() -> Result<PathBuf, String> {
    let own = env::current_exe().map_err(|error| format!("cannot find the target folder: {error}"))?;
    let path = own.with_file_name("exec");
    if path.is_file() { Ok(path) } else { Err(format!("cargo built no `{}`", path.display())) }
}

fn start(executable: &Path) -> Result<Child, String> {
    let mut command = if kernel::has_capabilities() {
        Command::new(executable)
    } else {
        println!("loading BPF programs takes root: asking sudo");
        let mut command = Command::new("sudo");
        command.arg(executable);
        command
    };
    command.args(["--duration", SECONDS]).stdin(Stdio::null()).stderr(Stdio::piped());
    println!("$ {}", shown(&command));
    command.spawn().map_err(|error| format!("cannot run `{}`: {error}\n{}", shown(&command), explain()))
}

fn start_commands() {
    for words in COMMANDS {
        thread::sleep(Duration::from_millis(200));
        let Some((program, arguments)) = words.split_first() else { continue };
        // One of them fails on purpose; the tracer shows how.
        let _ = Command::new(program)
            .args(arguments)
            .env("PATH", PATH)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

/// Why there was nothing to see, as far as the machine tells.
fn explain() -> String {
    let obstacles = kernel::obstacles();
    if obstacles.is_empty() {
        return "the tracer failed; what it said stands above".into();
    }
    let mut text = String::from("BPF is not permitted here:");
    for obstacle in obstacles {
        text += &format!("\n  - {obstacle}");
    }
    text
}
