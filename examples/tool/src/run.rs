//! A tool from its start to its end.

use std::{
    fmt::Display,
    io,
    process::ExitCode,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use libbpf_rs::Link;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::{options::Common, output::Output};

/// How long a stop may go unnoticed if its signal comes just before we begin to wait.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long programs that were detached may go on on another CPU.
const SETTLING: Duration = Duration::from_secs(1);

/// BPF programs that are attached, and their events.
pub trait Source {
    /// What was seen, lost and received; what it says ends the tool's output.
    type Totals: Display;

    /// Handles the events that there are, or waits for the next. A signal ends the wait.
    ///
    /// # Errors
    /// If events cannot be read.
    fn poll(&mut self, timeout: Duration) -> Result<(), String>;

    /// Detaches, handles what is left, and gives the account.
    ///
    /// # Errors
    /// If the account cannot be read.
    fn finish(self) -> Result<Self::Totals, String>;
}

/// What to do with each event.
pub type Show<'a, E> = Box<dyn FnMut(&E) + Send + 'a>;

/// Status 0, or 1 with the reason on stderr.
#[must_use]
pub fn exit(tool: &str, result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{tool}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints events until somebody has had enough, then the account. `start` gets what to do with each event; `summary` says
/// what is traced; `hide` is told how many lines were printed, so that the account can say how many were not.
///
/// # Errors
/// If the events cannot be had or printed.
pub fn run<'a, E, S: Source>(
    tool: &str,
    summary: &str,
    options: &Common,
    output: &'a Mutex<Output<E>>,
    start: impl FnOnce(Show<'a, E>) -> Result<S, String>,
    hide: impl FnOnce(&mut S::Totals, u64),
) -> Result<(), String> {
    let stop = stop_on_signals().map_err(|error| format!("cannot handle signals: {error}"))?;
    let mut source = start(Box::new(|event| lock(output).show(event)))?;
    eprintln!("{tool}: tracing ({summary}); Ctrl-C stops");

    lock(output).header();
    let traced = trace(&mut source, output, options.duration, &stop);
    let mut totals = source.finish()?;
    lock(output).flush();
    hide(&mut totals, lock(output).printed());
    eprintln!("{tool}: {totals}");
    traced?;
    match lock(output).take_result() {
        // Whoever read our output has had enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| format!("cannot write: {error}")),
    }
}

/// Detaches, the last link first, and asks for the account until it adds up: a program may still run on another CPU for a
/// moment. Then, or when that has lasted too long, the account is what it is. `account` handles what events there are.
///
/// # Errors
/// If the account cannot be read.
pub fn settle<T>(
    mut links: Vec<Link>,
    is_settled: impl Fn(&T) -> bool,
    account: impl Fn() -> Result<T, String>,
) -> Result<T, String> {
    while links.pop().is_some() {}
    let began = Instant::now();
    loop {
        let totals = account()?;
        if is_settled(&totals) || began.elapsed() > SETTLING {
            return Ok(totals);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Prints events until somebody has had enough.
fn trace<E, S: Source>(
    source: &mut S,
    output: &Mutex<Output<E>>,
    duration: Option<Duration>,
    stop: &AtomicBool,
) -> Result<(), String> {
    let end = duration.and_then(|duration| Instant::now().checked_add(duration));
    while !stop.load(Ordering::Relaxed) && !lock(output).is_done() {
        let left = end.map_or(PATIENCE, |end| end.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            break;
        }
        source.poll(left.min(PATIENCE))?;
        lock(output).flush();
    }
    Ok(())
}

/// The output is shared by us and the ring buffer's handler, never at the same time.
fn lock<E>(output: &Mutex<Output<E>>) -> MutexGuard<'_, Output<E>> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stop_on_signals() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}
