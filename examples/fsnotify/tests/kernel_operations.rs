//! Every call that names a file, as the program that makes it says it should be seen.

mod common;

use std::{env, fs, process::Command};

use common::{
    Ended, FsnotifyTrace, Trace, Traced, kernel_permits, odd, odd_program, odd_with, run, traced, traced_program,
};
use serde_json::Value;

/// What was expected, each as an object of the fields to compare.
fn expected(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// Compares the events of a process, from that on which the first line describes, with what it printed.
fn compare(trace: &Trace, ended: &Ended) {
    let expected = expected(ended);
    let agrees = |event: &Value, expected: &Value| {
        expected.as_object().is_some_and(|fields| fields.iter().all(|(name, value)| event[name] == *value))
    };
    let events = trace.of(ended.pid);
    // What comes before are the libraries that the program is linked with.
    let events: Vec<_> = events.iter().skip_while(|event| !agrees(event, &expected[0])).collect();
    for (event, expected) in events.iter().zip(&expected) {
        assert!(agrees(event, expected), "expected {expected}\nfound {event:#}");
    }
    assert_eq!(events.len(), expected.len(), "{events:#?}\n{trace:?}");
    assert_eq!(trace.total("malformed"), 0);
}

#[test]
fn kernel_operations_of_every_kind() {
    if !kernel_permits() {
        return;
    }
    let Traced { trace, result: ended, .. } = traced_program(&odd_program(), |path| run(&mut odd(path, &["all"])));
    assert!(ended.stdout.lines().count() >= 24, "{}", ended.stdout);
    compare(&trace, &ended);
    // And what is known only here.
    for event in trace.of(ended.pid).iter().filter(|event| event["exact"] == true && event["op"] == "open") {
        assert!(event["inode"].as_u64().is_some_and(|inode| inode > 0), "{event:#}");
    }
}

/// Other system call numbers, other registers, a mask in two of them.
#[test]
fn kernel_operations_of_a_32_bit_process() {
    if !kernel_permits() {
        return;
    }
    let built = if cfg!(target_arch = "x86_64") { odd_with(&["-m32"]) } else { Err("not x86-64".to_owned()) };
    let odd32 = match built {
        Ok(path) => path,
        Err(reason) => {
            assert!(env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_none_or(|v| v != "1"), "no 32-bit compiler: {reason}");
            println!("skipped, as there is no 32-bit compiler: {reason}");
            return;
        }
    };
    for mode in [&["all"] as &[&str], &["absent", "text"]] {
        let run32 = |path: &str| run(Command::new(&odd32).args(mode).current_dir(path));
        let Traced { trace, result: ended, .. } = traced_program(&odd32, run32);
        compare(&trace, &ended);
    }
}

/// Paths on pages that are in memory only once the kernel has read them, or never.
#[test]
fn kernel_operations_with_paths_that_are_not_in_memory() {
    if !kernel_permits() {
        return;
    }
    let absent = |path: &str| run(&mut odd(path, &["absent", "text"]));
    let Traced { trace, result: ended, .. } = traced_program(&odd_program(), absent);
    compare(&trace, &ended);
}

/// Nobody knows any more where the path began, and nothing is invented.
#[test]
fn kernel_operations_of_a_process_that_leaves_its_folder_meanwhile() {
    if !kernel_permits() {
        return;
    }
    let Traced { trace, result: ended, .. } = traced_program(&odd_program(), |path| run(&mut odd(path, &["moved"])));
    let events = trace.of(ended.pid);
    let event = events.iter().find(|event| event["path"] == "fifo").unwrap_or_else(|| panic!("{trace:?}"));
    assert_eq!((&event["place"], &event["missing"]), (&Value::Null, &serde_json::json!(["place"])), "{event:#}");
    // ERESTARTSYS: a signal came first.
    assert_eq!((&event["file"], &event["retval"]), (&"fifo".into(), &(-512).into()));
    assert_ne!(event["tid"], event["pid"], "it is a thread of its own");
}

#[test]
fn kernel_operations_say_which_file_was_opened() {
    use std::os::unix::fs::MetadataExt;
    if !kernel_permits() {
        return;
    }
    let Traced { trace, path, result: metadata } = traced(|path| {
        let file = format!("{path}/file");
        fs::write(&file, "text").expect("a file");
        fs::read(&file).expect("a file");
        fs::metadata(&file).expect("a file")
    });
    let events = trace.below(&format!("{path}/file"));
    let created: Vec<_> = events.iter().map(|event| event["created"].as_bool()).collect();
    assert_eq!(created, [Some(true), Some(false)]);
    for event in events {
        assert_eq!(event["inode"], metadata.ino());
        let device = event["device"].as_u64().expect("a number");
        let (major, minor) = (device >> 20, device & 0xf_ffff);
        let expected = (rustix::fs::major(metadata.dev()), rustix::fs::minor(metadata.dev()));
        assert_eq!((major, minor), (expected.0.into(), expected.1.into()), "{event:#}");
    }
}
