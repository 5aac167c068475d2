//! Traces execve: who started what, from where, with which arguments, and what came of it.
//!
//! The event that the BPF program sends and the struct that is read here come from the same `layouts.toml`, as do the
//! maps; so there is no cast, no `unsafe` and no size written a second time.
#![forbid(unsafe_code)]

mod clock;
mod escape;
mod event;
mod explain;
mod json;
mod layouts;
mod options;
mod output;
mod table;
mod totals;
mod tracer;

use std::{
    io,
    process::ExitCode,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::{options::Options, output::Output, tracer::Tracer};

/// How long a stop may go unnoticed if its signal comes just before we begin to wait.
const PATIENCE: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("exec: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let stop = stop_on_signals().map_err(|error| format!("cannot handle signals: {error}"))?;
    let output = Mutex::new(Output::new(options));
    let tracer = Tracer::start(|event| lock(&output).show(event))?;
    eprintln!("exec: tracing ({}); Ctrl-C stops", layouts::summary());

    lock(&output).header();
    let traced = trace(&tracer, &output, options.duration, &stop);
    let mut totals = tracer.finish()?;
    lock(&output).flush();
    totals.hidden = totals.received - lock(&output).printed();
    eprintln!("exec: {totals}");
    traced?;
    match lock(&output).take_result() {
        // Whoever read our output has had enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| format!("cannot write: {error}")),
    }
}

/// Prints events until somebody has had enough.
fn trace(
    tracer: &Tracer<'_>,
    output: &Mutex<Output<'_>>,
    duration: Option<Duration>,
    stop: &AtomicBool,
) -> Result<(), String> {
    let end = duration.and_then(|duration| Instant::now().checked_add(duration));
    while !stop.load(Ordering::Relaxed) && !lock(output).is_done() {
        let left = end.map_or(PATIENCE, |end| end.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            break;
        }
        tracer.poll(left.min(PATIENCE))?;
        lock(output).flush();
    }
    Ok(())
}

/// The output is shared by us and the ring buffer's handler, never at the same time.
fn lock<'a, 'o>(output: &'a Mutex<Output<'o>>) -> MutexGuard<'a, Output<'o>> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stop_on_signals() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}
