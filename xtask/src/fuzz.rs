//! `cargo xtask fuzz`: the targets of `fuzz/`, each for a bounded time, and how often each was run.
//!
//! What is new to a target is kept in `fuzz/corpus`, which is nobody's but this machine's; what makes one fail, in
//! `fuzz/artifacts`. fuzz/README.md says what to do about it.

use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use crate::{Flags, needs, root, shown, tools};

/// Seconds that a target runs if nothing else is said.
const SECONDS: u32 = 60;

/// Options of libFuzzer: the longest input in bytes, and what no input may take, in seconds and in MiB.
const LIMITS: &[&str] = &["-max_len=16384", "-timeout=25", "-rss_limit_mb=2560", "-print_final_stats=1"];

/// How libFuzzer's line begins that says how often the target was run.
const EXECUTED: &str = "stat::number_of_executed_units:";

/// What came of a target.
struct Outcome {
    name: String,
    /// None if it ended before it could say.
    executions: Option<u64>,
    failed: bool,
}

pub(crate) fn run(names: &[String], flags: Flags) -> Result<ExitCode, String> {
    let targets = chosen(names)?;
    needs::provide(needs::FUZZ, &[], flags.no_install)?;
    tools::provide_nightly(&[], flags.no_install)?;
    tools::provide_subcommand("fuzz", flags.no_install)?;
    take_lock().map_err(|error| format!("fuzz/Cargo.lock: {error}"))?;
    let seconds = flags.seconds.unwrap_or(SECONDS);
    let outcomes = targets.iter().map(|name| fuzz(name, seconds)).collect::<Result<Vec<_>, _>>()?;
    println!("\n== executions");
    for Outcome { name, executions, failed } in &outcomes {
        let executions = executions.map_or("?".into(), |number| number.to_string());
        println!("{name:<14} {executions:>12} {}", if *failed { "FAILED: see fuzz/artifacts" } else { "" });
    }
    let failed = outcomes.iter().any(|outcome| outcome.failed);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Takes the versions of the workspace's lock, so that what is fuzzed is what is tested. Cargo adds libFuzzer's own to it.
fn take_lock() -> io::Result<()> {
    let (theirs, ours) = (root().join("Cargo.lock"), root().join("fuzz/Cargo.lock"));
    let newer = !ours.exists() || fs::metadata(&theirs)?.modified()? > fs::metadata(&ours)?.modified()?;
    if newer { fs::copy(theirs, ours).map(drop) } else { Ok(()) }
}

/// The targets that were named, or all.
fn chosen(names: &[String]) -> Result<Vec<String>, String> {
    let all = targets()?;
    match names.iter().find(|name| !all.contains(name)) {
        Some(unknown) => Err(format!("there is no target `{unknown}`; there are {}", all.join(", "))),
        None if names.is_empty() => Ok(all),
        None => Ok(names.to_vec()),
    }
}

/// Every target, in the order of the alphabet.
fn targets() -> Result<Vec<String>, String> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| stem(&entry.path())).collect();
    names.sort();
    Ok(names)
}

fn fuzz(name: &str, seconds: u32) -> Result<Outcome, String> {
    let corpus = format!("fuzz/corpus/{name}");
    fs::create_dir_all(root().join(&corpus)).map_err(|error| format!("{corpus}: {error}"))?;
    let mut command = tools::nightly(&["fuzz", "run", "--target-dir", "target/fuzz", name, &corpus]);
    command.arg(format!("fuzz/seeds/{name}")).args(also(name)?).arg("--");
    command.args(LIMITS).arg(format!("-max_total_time={seconds}"));
    println!("\n== {name}\n$ {}", shown(&command));
    watch(name, command)
}

/// Runs it, passes on what it says, and picks out how often the target was run.
fn watch(name: &str, mut command: Command) -> Result<Outcome, String> {
    let child = command.stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| format!("cannot run `{}`: {error}", shown(&command)))?;
    let mut executions = None;
    // A sanitizer may print anything.
    let said = child.stderr.take().map(BufReader::new);
    for line in said.into_iter().flat_map(|said| said.split(b'\n')).map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        eprintln!("{line}");
        executions = executions.or(line.strip_prefix(EXECUTED).and_then(|number| number.trim().parse().ok()));
    }
    let status = child.wait().map_err(|error| format!("waiting for `{name}`: {error}"))?;
    Ok(Outcome { name: name.to_owned(), executions, failed: !status.success() })
}

/// Folders beside its seeds that a target starts from, as `fuzz/also.txt` has them.
fn also(name: &str) -> Result<Vec<String>, String> {
    let path = root().join("fuzz/also.txt");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    Ok(line.unwrap_or_default().split_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_those_of_the_folder() {
        let all = targets().expect("the folder is there");
        assert!(all.iter().any(|name| name == "spec"), "{all:?}");
        assert_eq!(chosen(&["spec".into()]), Ok(vec!["spec".into()]));
        assert!(chosen(&["sepc".into()]).is_err_and(|error| error.contains("`sepc`") && error.contains("spec, ")));
    }

    #[test]
    fn what_a_target_also_starts_from_is_there() {
        let folders = also("spec").expect("the file is there");
        assert!(!folders.is_empty() && folders.iter().all(|folder| root().join(folder).is_dir()), "{folders:?}");
        assert_eq!(also("no-such-target"), Ok(vec![]));
    }

    #[test]
    fn executions_are_found_among_what_it_says() {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "printf 'x\\377\\nstat::number_of_executed_units: 1234\\nstat::average_exec_per_sec: 5\\n' >&2",
        ]);
        let outcome = watch("spec", command).expect("there is a shell");
        assert_eq!((outcome.executions, outcome.failed), (Some(1234), false));
        let mut command = Command::new("sh");
        command.args(["-c", "exit 77"]);
        assert!(watch("spec", command).expect("there is a shell").failed);
    }
}
