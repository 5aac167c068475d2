//! Time and memory of processes.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use nix::sys::resource::{Usage, UsageWho, getrusage};

use crate::child;

/// What one process took, with all that it started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// In user mode and in the kernel.
    pub(crate) cpu: Duration,
    /// KiB of the largest process.
    pub(crate) peak: u64,
}

/// Several runs of the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Costs(Vec<Cost>);

/// This program as a child, not run yet.
pub(crate) struct Child {
    pub(crate) name: &'static str,
    pub(crate) arguments: Vec<OsString>,
    /// The file or folder that it writes, if it does, which is removed before it runs: to remove it takes time as well.
    pub(crate) makes: Option<PathBuf>,
}

/// Runs this program as one child after another, round by round, so that a processor that changes its pace does so for all:
/// each at least once, until it has taken `seconds`, at most `most` times.
///
/// # Errors
/// If one fails.
pub(crate) fn in_turn(children: &[Child], seconds: u64, most: usize) -> Result<Vec<Costs>, String> {
    let mut measured = vec![Costs::default(); children.len()];
    for _ in 0..most {
        for (Child { name, arguments, makes }, costs) in children.iter().zip(&mut measured) {
            if costs.0.is_empty() || costs.taken() < Duration::from_secs(seconds) {
                makes.iter().try_for_each(|path| remove(path))?;
                costs.push(once(name, arguments)?);
            }
        }
    }
    Ok(measured)
}

/// Removes what an earlier run has written, if there is anything.
fn remove(path: &Path) -> Result<(), String> {
    let result = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(format!("{}: {error}", path.display())),
        _ => Ok(()),
    }
}

/// Runs this program as the child `name` once.
///
/// # Errors
/// If it fails.
pub(crate) fn once(name: &str, arguments: &[impl AsRef<OsStr>]) -> Result<Cost, String> {
    let own = env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let started = Instant::now();
    let output = Command::new(own)
        .args([child::WORD, name])
        .args(arguments)
        .output()
        .map_err(|error| format!("cannot run `{name}`: {error}"))?;
    let wall = started.elapsed();
    let text = String::from_utf8_lossy(&output.stdout);
    let usage = text.lines().last().and_then(|line| line.strip_prefix(USAGE)).and_then(|numbers| {
        let (cpu, peak) = numbers.split_once(' ')?;
        Some((Duration::from_micros(cpu.parse().ok()?), peak.parse().ok()?))
    });
    match usage {
        Some((cpu, peak)) if output.status.success() => Ok(Cost { wall, cpu, peak }),
        _ => Err(format!("`{name}` failed: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// How the last line of a child begins.
const USAGE: &str = "usage ";

/// What this process and those that it waited for have taken so far, as a line for [`repeat`].
///
/// # Errors
/// If the kernel does not say.
pub(crate) fn usage_line() -> Result<String, String> {
    let of = |who| getrusage(who).map_err(|error| format!("getrusage: {error}"));
    let (own, children) = (of(UsageWho::RUSAGE_SELF)?, of(UsageWho::RUSAGE_CHILDREN)?);
    let peak = own.max_rss().max(children.max_rss());
    Ok(format!("{USAGE}{} {peak}", microseconds(&own) + microseconds(&children)))
}

fn microseconds(usage: &Usage) -> i64 {
    [usage.user_time(), usage.system_time()].iter().map(|time| time.tv_sec() * 1_000_000 + time.tv_usec()).sum()
}

/// Rounds of the two runs that instructions are counted in, whose difference has nothing of start and end in it.
const FEW: usize = 10;
const MANY: usize = 110;

/// Instructions of one round of this child, by callgrind, where its last argument is how many rounds it does. Without
/// valgrind nothing is counted, unless every tool must be there.
///
/// # Errors
/// If they cannot be counted.
pub(crate) fn instructions(arguments: &[&str]) -> Result<Option<f64>, String> {
    let found = Command::new("valgrind").arg("--version").output().is_ok();
    if !found && env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_none_or(|value| value != "1") {
        eprintln!("skipped: valgrind is not installed, so no instructions are counted");
        return Ok(None);
    }
    let own = env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let count = |rounds: usize| -> Result<f64, String> {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(&own);
        command.arg(child::WORD).args(arguments).arg(rounds.to_string());
        let output = command.output().map_err(|error| format!("cannot run valgrind: {error}"))?;
        let text = String::from_utf8_lossy(&output.stderr);
        let collected = text.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, number)| number.trim());
        collected.and_then(|number| number.parse().ok()).ok_or_else(|| format!("callgrind counted nothing: {text}"))
    };
    Ok(Some((count(MANY)? - count(FEW)?) / (MANY - FEW) as f64))
}

impl Costs {
    pub(crate) fn push(&mut self, cost: Cost) {
        self.0.push(cost);
    }

    /// All runs together.
    fn taken(&self) -> Duration {
        self.0.iter().map(|cost| cost.wall).sum()
    }

    pub(crate) fn wall(&self) -> Figure {
        Figure::of(self.0.iter().map(|cost| cost.wall.as_secs_f64()).collect())
    }

    pub(crate) fn cpu(&self) -> Figure {
        Figure::of(self.0.iter().map(|cost| cost.cpu.as_secs_f64()).collect())
    }

    /// KiB.
    pub(crate) fn peak(&self) -> Figure {
        Figure::of(self.0.iter().map(|cost| cost.peak as f64).collect())
    }
}

/// A number that was measured several times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
    pub(crate) runs: usize,
}

impl Figure {
    /// # Panics
    /// If there is none.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (least, most) = (values[0], values[values.len() - 1]);
        Figure { median: values[values.len() / 2], least, most, runs: values.len() }
    }
}
