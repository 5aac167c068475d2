//! No call goes missing unseen, and maps cost what was predicted.

mod common;

use std::{
    io::Read,
    path::Path,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use common::{
    FsnotifyTrace, Traced, Tracer, Waiting, built_with, folder, fsnotify, kernel_permits, odd, profile, run, start,
    traced,
};
use rustix::process::Signal;
use tool::testing::compared;

fn compare_maps(tracer: &Tracer) -> Vec<String> {
    compared(tracer.pid(), &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../layouts.toml"), profile())
}

/// The tracer counts the calls of all processes, whatever paths it prints: threads that wait for another test would be
/// among "not returned yet" and in the map. So only one test at a time has threads that wait.
fn alone_with_waiting_threads() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    // What a failed test leaves is a lock, not a state.
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn kernel_accounting_of_a_swarm() {
    if !kernel_permits() {
        return;
    }
    let (_folder, path) = folder();
    let tracer = start(&["--path", &path]);
    run(&mut odd(&path, &["swarm", "8", "1000"]));
    let trace = tracer.stop();
    let events = trace.below(&format!("{path}/swarm-")).len() as u64;
    // Whatever is missing is among the losses.
    assert!(trace.total("calls started") >= 8000, "{trace:?}");
    assert!(events <= 8000 && events + trace.total("lost") >= 8000, "{events} {trace:?}");
    // The ring buffer alone holds a hundred.
    assert!(events >= 100, "{events} {trace:?}");
}

/// Nobody reads, so that the tracer waits for its pipe, and the ring buffer fills up.
#[test]
fn kernel_accounting_of_a_reader_that_is_too_slow() {
    if !kernel_permits() {
        return;
    }
    let (_folder, path) = folder();
    let mut tool = fsnotify();
    tool.args(["--json", "--path", &path]);
    let mut tracer = Tracer::start_unread(tool);
    run(&mut odd(&path, &["swarm", "4", "2000"]));
    let mut stdout = tracer.take_stdout();
    let reader = thread::spawn(move || {
        let mut lines = String::new();
        stdout.read_to_string(&mut lines).map(|_| lines)
    });
    let trace = tracer.stop();
    let lines = reader.join().expect("the reader ends").expect("lines are text");
    assert!(trace.total("ring buffer full") > 0, "{trace:?}");
    assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

/// More calls at a time than the map has room for. Full maps cost what was predicted for them.
#[test]
fn kernel_accounting_of_a_full_map() {
    if !kernel_permits() {
        return;
    }
    let _alone = alone_with_waiting_threads();
    let room = built_with("paths");
    let (_folder, path) = folder();
    let tracer = start(&["--path", &path]);
    let waiting = Waiting::start(&path, room + 50);
    // The last of the threads may not have begun to wait yet.
    thread::sleep(Duration::from_millis(200));
    let maps = compare_maps(&tracer);
    let pid = waiting.pid();
    waiting.end();
    let trace = tracer.stop();
    assert!(maps.contains(&"enriched_fsnotify_events".to_owned()), "{maps:?}");
    assert!(trace.total("map full") >= 50, "{trace:?}");
    // Those that had room came back by the signal that ended them, and left nothing behind.
    let events = trace.of(pid);
    let interrupted = events.iter().filter(|event| event["path"] == "fifo" && event["retval"] == -512).count();
    let lost = trace.total("ring buffer full") + trace.total("not returned yet");
    assert!(interrupted as u64 + lost + 50 >= room as u64, "{interrupted} {trace:?}");
    assert!(trace.total("not returned yet") < 20, "{trace:?}");
}

#[test]
fn kernel_accounting_of_a_process_that_is_killed_inside() {
    if !kernel_permits() {
        return;
    }
    let _alone = alone_with_waiting_threads();
    let Traced { trace, result: pid, .. } = traced(|path| {
        let waiting = Waiting::start(path, 20);
        thread::sleep(Duration::from_millis(100));
        let pid = waiting.pid();
        waiting.kill();
        pid
    });
    let events = trace.of(pid);
    let ended = events.iter().filter(|event| event["path"] == "fifo").count();
    assert_eq!(ended, 20, "{trace:?}");
    assert_eq!(trace.total("killed inside"), 0, "a signal ends the call first: {trace:?}");
}

/// Calls that have not returned when the tool stops are counted as such.
#[test]
fn kernel_accounting_of_calls_that_have_not_returned() {
    if !kernel_permits() {
        return;
    }
    let _alone = alone_with_waiting_threads();
    let (_folder, path) = folder();
    let tracer = start(&["--path", &path]);
    let waiting = Waiting::start(&path, 30);
    thread::sleep(Duration::from_millis(100));
    let trace = tracer.stop();
    assert!(trace.total("not returned yet") >= 30, "{trace:?}");
    waiting.end();
}

#[test]
fn kernel_accounting_of_memory_is_as_predicted() {
    if !kernel_permits() {
        return;
    }
    let tracer = start(&[]);
    let maps = compare_maps(&tracer);
    for name in ["enriched_fsnotify_events", "fsnotify_events", "fsnotify_stats", "path_buffers"] {
        assert!(maps.iter().any(|map| map == name), "{name} is not among {maps:?}");
    }
    drop(tracer.stop());
}

#[test]
fn kernel_accounting_ends_when_told_to() {
    if !kernel_permits() {
        return;
    }
    let (_folder, path) = folder();
    let tracer = start(&["--path", &path, "--count", "3"]);
    run(Command::new("/bin/sh").args(["-c", ": >a; : >b; : >c; : >d"]).current_dir(&path));
    let trace = tracer.wait();
    assert_eq!((trace.lines.len(), trace.status.success()), (3, true), "{trace:?}");
    for signal in [Signal::INT, Signal::TERM] {
        let tracer = start(&["--path", &path]);
        tracer.signal(signal);
        let trace = tracer.wait();
        assert!(trace.status.success(), "{trace:?}");
        assert_eq!(trace.total("malformed"), 0);
    }
}

/// Root without capabilities may not load programs.
#[test]
fn kernel_accounting_needs_permission_and_says_so() {
    if !kernel_permits() {
        return;
    }
    let output = Command::new("setpriv")
        .args(["--bounding-set", "-all", "--inh-caps", "-all"])
        .arg(fsnotify().get_program())
        .output()
        .expect("setpriv is part of util-linux");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("CAP_BPF") && stderr.contains("CAP_PERFMON"), "{stderr}");
}
