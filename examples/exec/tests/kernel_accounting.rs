//! No call goes missing unseen, and the tracer ends when it should.

mod common;

use std::{collections::HashSet, io::Read, process::Command, thread};

use rustix::process::Signal;

use crate::common::{ExecTrace, exec, kernel_permits, marker, odd_command, run, start, start_unread};

#[test]
fn kernel_accounting_of_two_hundred_at_once() {
    if !kernel_permits() {
        return;
    }
    let marker = marker("swarm");
    let tracer = start(&["--json"]);
    run(&mut odd_command(&["swarm", "200", "/bin/true", &marker]));
    let trace = tracer.stop();
    let totals = trace.totals();
    let events: Vec<_> = trace.events_with(&marker).into_iter().filter(|event| event["file"] == "/bin/true").collect();
    let pids: HashSet<_> = events.iter().map(|event| event["pid"].as_u64()).collect();
    assert_eq!(pids.len(), events.len(), "one event per process");
    // Whatever is missing is among the losses, and the ring buffer alone holds more than fifty.
    assert!(events.len() as u64 + totals.lost >= 200, "{} {totals:?}", events.len());
    assert!(events.len() >= 50, "{} {totals:?}", events.len());
}

/// Four threads of each process call execve: one wins, the others are killed inside or fail.
#[test]
fn kernel_accounting_of_threads_that_race() {
    if !kernel_permits() {
        return;
    }
    let marker = marker("race");
    let tracer = start(&["--json"]);
    run(&mut odd_command(&["race", "50", "/bin/true", &marker]));
    let trace = tracer.stop();
    let totals = trace.totals();
    let won = trace.events_with(&marker).iter().filter(|e| e["file"] == "/bin/true" && e["retval"] == 0).count();
    assert!(won as u64 + totals.lost >= 50 && won <= 50, "{won} {totals:?}");
}

/// Nobody reads, so that the tracer waits for its pipe, and the ring buffer fills up.
#[test]
fn kernel_accounting_of_a_reader_that_is_too_slow() {
    if !kernel_permits() {
        return;
    }
    let marker = marker("slow");
    let mut tracer = start_unread(&["--json"]);
    // Only what is in use travels, so the arguments are long.
    let text = "x".repeat(1000);
    run(&mut odd_command(&["swarm", "600", "/bin/true", &marker, &text, &text, &text]));
    let mut stdout = tracer.take_stdout();
    let reader = thread::spawn(move || {
        let mut lines = String::new();
        stdout.read_to_string(&mut lines).map(|_| lines)
    });
    let trace = tracer.stop();
    let totals = trace.totals();
    let lines = reader.join().expect("the reader ends").expect("lines are text");
    assert!(totals.ring_full > 0, "{totals:?}");
    assert_eq!(lines.lines().count() as u64, totals.received, "{totals:?}");
    assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

#[test]
fn kernel_accounting_of_two_tracers_side_by_side() {
    if !kernel_permits() {
        return;
    }
    let marker = marker("two");
    let first = start(&["--json"]);
    let second = start(&["--json"]);
    run(Command::new("/bin/true").arg(&marker));
    let (first, second) = (first.stop(), second.stop());
    let mut events = [&first, &second].map(|trace| trace.event_with(&marker));
    for event in &mut events {
        // Each has seen the call at its own moment.
        event["time"].take();
        event["timestamp"].take();
    }
    assert_eq!(events[0], events[1]);
    first.totals();
    second.totals();
}

#[test]
fn kernel_accounting_ends_with_a_signal() {
    if !kernel_permits() {
        return;
    }
    for signal in [Signal::INT, Signal::TERM] {
        let tracer = start(&[]);
        tracer.signal(signal);
        let trace = tracer.wait();
        assert!(trace.status.success(), "{trace:?}");
        trace.totals();
    }
}

#[test]
fn kernel_accounting_ends_when_told_to() {
    if !kernel_permits() {
        return;
    }
    let tracer = start(&["--json", "--count", "3"]);
    run(&mut odd_command(&["swarm", "20", "/bin/true", &marker("count")]));
    let trace = tracer.wait();
    assert_eq!((trace.lines.len(), trace.status.success()), (3, true), "{trace:?}");
    trace.totals();

    let trace = start(&["--duration", "0.3"]).wait();
    assert!(trace.status.success(), "{trace:?}");
    trace.totals();
}

#[test]
fn kernel_accounting_ends_when_nobody_reads_any_more() {
    if !kernel_permits() {
        return;
    }
    let mut tracer = start_unread(&["--json"]);
    drop(tracer.take_stdout());
    run(Command::new("/bin/true").arg(marker("epipe")));
    let trace = tracer.wait();
    assert!(trace.status.success(), "{trace:?}");
    trace.totals();
}

#[test]
fn kernel_accounting_prints_a_table() {
    if !kernel_permits() {
        return;
    }
    let marker = marker("table");
    let tracer = start(&["--no-failed"]);
    run(Command::new("/bin/true").args([&marker, "two words", "\x1b[2J"]));
    let trace = tracer.stop();
    assert!(trace.lines[0].contains("PID") && trace.lines[0].contains("ARGS"), "{:?}", trace.lines[0]);
    let line = trace.lines.iter().find(|line| line.contains(&marker)).expect("a line of the table");
    assert!(line.ends_with(&format!(r#"/bin/true {marker} "two words" \x1b[2J"#)), "{line}");
}

/// Root without capabilities may not load programs.
#[test]
fn kernel_accounting_needs_permission_and_says_so() {
    if !kernel_permits() {
        return;
    }
    let output = Command::new("setpriv")
        .args(["--bounding-set", "-all", "--inh-caps", "-all"])
        .arg(exec().get_program())
        .output()
        .expect("setpriv is part of util-linux");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("CAP_BPF") && stderr.contains("CAP_PERFMON"), "{stderr}");
}
