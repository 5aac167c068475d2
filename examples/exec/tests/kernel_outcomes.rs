//! Who called, and what came of it.

mod common;

use std::{
    env, fs,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    process::Command,
};

use serde_json::{Value, json};

use crate::common::{ExecTrace, folder, kernel_permits, marker, odd, odd_command, run, start};

#[test]
fn kernel_outcomes_of_calls_that_fail() {
    if !kernel_permits() {
        return;
    }
    let folder = folder();
    let plain = folder.path().join("plain");
    fs::write(&plain, "no program").expect("a file");
    let garbage = folder.path().join("garbage");
    fs::write(&garbage, [0x7f; 64]).expect("a file");
    fs::set_permissions(&garbage, fs::Permissions::from_mode(0o755)).expect("our own file");
    let absent = folder.path().join("absent");
    let marker = marker("fail");

    let tracer = start(&["--json"]);
    let errors = [&absent, &plain, &garbage].map(|path| {
        Command::new(path).arg(&marker).spawn().expect_err("it is no program").raw_os_error().expect("an errno")
    });
    let events = tracer.stop().events_with(&marker);

    assert_eq!(errors, [2, 13, 8], "ENOENT, EACCES, ENOEXEC");
    let retvals: Vec<_> = events.iter().map(|event| event["retval"].as_i64().expect("a number")).collect();
    assert_eq!(retvals, errors.map(|errno| i64::from(-errno)));
    let own = env::current_exe().expect("a path");
    for event in &events {
        assert_eq!(event["exepath"].as_str(), own.to_str(), "the caller goes on");
        assert_eq!(event["args"][1], marker);
    }
}

#[test]
fn kernel_outcomes_can_be_filtered() {
    if !kernel_permits() {
        return;
    }
    let marker = marker("filter");
    let failed = |trace: &common::Trace| trace.events().iter().any(|event| event["retval"] != 0);
    let call = || {
        let _ = Command::new("/absent").arg(&marker).spawn().expect_err("it is absent");
        run(Command::new("/bin/sh").args(["-c", &format!("/bin/true {marker}; true")]));
    };

    let tracer = start(&["--json", "--no-failed"]);
    call();
    let trace = tracer.stop();
    assert!(!failed(&trace) && !trace.events_with(&marker).is_empty());
    assert!(trace.stderr.contains("not printed"), "{}", trace.stderr);

    let tracer = start(&["--json", "--comm", "sh"]);
    call();
    let trace = tracer.stop();
    assert!(trace.events().iter().all(|event| event["comm"] == "sh"));
    assert_eq!(trace.event_with(&marker)["file"], "/bin/true");

    let tracer = start(&["--json", "--uid", "4294967294"]);
    call();
    assert!(tracer.stop().lines.is_empty());
}

/// The numbers and names of a process whose parent is this one.
#[test]
fn kernel_outcomes_say_who_called() {
    if !kernel_permits() {
        return;
    }
    let marker = marker("who");
    let tracer = start(&["--json"]);
    let script = format!("echo $$; cat /proc/self/loginuid /proc/self/sessionid; exec /bin/true {marker}");
    let output = run(Command::new("/bin/sh").args(["-c", &script]));
    let event = tracer.stop().event_with(&marker);

    let output = String::from_utf8(output.stdout).expect("numbers");
    let (pid, audit) = output.split_once('\n').expect("two lines");
    assert_eq!((event["pid"].to_string(), event["tid"].to_string()), (pid.to_owned(), pid.to_owned()));
    assert_eq!(event["ppid"], std::process::id());
    let status = fs::read_to_string("/proc/self/status").expect("our status");
    for (field, name) in [("uid", "Uid:"), ("gid", "Gid:")] {
        let line = status.lines().find(|line| line.starts_with(name)).expect("a line of status");
        assert_eq!(Some(&*event[field].to_string()), line.split_whitespace().nth(1));
    }
    assert_eq!(event["comm"], "sh");
    let comm = fs::read_to_string("/proc/self/comm").expect("our name");
    assert_eq!(event["pcomm"], comm.trim_end(), "the process, not the thread that runs this test");
    let link = fs::read_link("/proc/self/ns/mnt").expect("a link");
    assert_eq!(link.to_str(), Some(&*format!("mnt:[{}]", event["mntns"])));
    // Kernels without audit have no such files.
    let unset = |field: &str| event[field].as_u64().unwrap_or(u64::from(u32::MAX)).to_string();
    if fs::exists("/proc/self/loginuid").unwrap_or(false) {
        let ids: String = audit.split_whitespace().collect();
        assert_eq!(ids, unset("loginuid") + &unset("sessionid"));
    }
}

#[test]
fn kernel_outcomes_of_a_script_are_its_own_and_its_interpreters() {
    if !kernel_permits() {
        return;
    }
    let folder = folder();
    let script = folder.path().join("script");
    fs::write(&script, "#!/bin/sh\nexit 0\n").expect("a file");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("our own file");
    let marker = marker("script");
    let tracer = start(&["--json"]);
    run(Command::new(&script).arg(&marker));
    let event = tracer.stop().event_with(&marker);
    assert_eq!(event["file"].as_str(), script.to_str());
    assert_eq!(event["args"], json!([script.to_str(), marker]));
    assert_eq!(event["exepath"].as_str(), fs::canonicalize("/bin/sh").expect("a shell").to_str());
}

/// The thread takes the process's id when execve succeeds; the call was made under its own.
#[test]
fn kernel_outcomes_of_a_thread_that_becomes_the_process() {
    if !kernel_permits() {
        return;
    }
    let marker = marker("thread");
    let tracer = start(&["--json"]);
    run(&mut odd_command(&["thread", "/bin/true", &marker]));
    let trace = tracer.stop();
    let events = trace.events_with(&marker);
    let event = events.iter().find(|event| event["file"] == "/bin/true").expect("the thread's call");
    let first = events.iter().find(|event| event["file"] != "/bin/true").expect("the call that started odd");
    assert_eq!((&event["retval"], &event["pid"]), (&json!(0), &first["pid"]));
    assert_ne!(event["tid"], event["pid"]);
    trace.totals();
}

/// Past the point of no return the thread has the process's id, and the call still fails: the process is killed.
#[test]
fn kernel_outcomes_of_a_thread_whose_new_program_is_broken() {
    if !kernel_permits() {
        return;
    }
    let folder = folder();
    let broken = folder.path().join("broken");
    fs::write(&broken, break_second_segment(fs::read("/bin/true").expect("a program"))).expect("a file");
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).expect("our own file");
    let path = broken.to_str().expect("a path that is text");
    let tracer = start(&["--json"]);
    let status = odd_command(&["thread", path]).status().expect("odd runs");
    let trace = tracer.stop();

    assert!(status.signal().is_some(), "{status}");
    let events = trace.events();
    let calls: Vec<_> = events.iter().filter(|event| event["file"] == path).collect();
    assert_eq!(calls.len(), 1, "{trace:?}");
    assert!(calls[0]["retval"].as_i64().expect("a number") < 0, "{:#}", calls[0]);
    assert_ne!(calls[0]["tid"], calls[0]["pid"]);
    assert!(trace.stderr.contains("killed inside: 0"), "{trace:?}");
    trace.totals();
}

/// The program with its second loadable segment where no page begins, which the kernel finds out when it maps it.
fn break_second_segment(mut elf: Vec<u8>) -> Vec<u8> {
    let number = |at: usize, len: usize| elf[at..at + len].iter().rev().fold(0, |n, byte| n << 8 | usize::from(*byte));
    let (table, size, count) = (number(0x20, 8), number(0x36, 2), number(0x38, 2));
    let segments = (0..count).map(|index| table + index * size);
    let second = segments.filter(|at| number(*at, 4) == 1).nth(1).expect("two segments");
    elf[second + 8] ^= 1;
    elf
}

/// Other system call numbers, other registers, pointers of four bytes.
#[test]
fn kernel_outcomes_of_a_32_bit_process() {
    if !kernel_permits() {
        return;
    }
    let built = if cfg!(target_arch = "x86_64") { odd(&["-m32"]) } else { Err("not x86-64".to_owned()) };
    let odd32 = match built {
        Ok(path) => path,
        Err(reason) => {
            assert!(env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_none_or(|v| v != "1"), "no 32-bit compiler: {reason}");
            println!("skipped, as there is no 32-bit compiler: {reason}");
            return;
        }
    };
    let marker = marker("compat");
    let tracer = start(&["--json"]);
    run(Command::new(&odd32).args(["thread", "/bin/true", &marker, "a b", ""]));
    run(Command::new(&odd32).args(["memfd", "/bin/true", &marker, "by execveat"]));
    let failed = Command::new(&odd32).args(["thread", "/absent", &marker]).status().expect("odd runs");
    assert_eq!(failed.code(), Some(98));
    let events: Vec<Value> = tracer.stop().events_with(&marker);

    let own = fs::canonicalize(&odd32).expect("it was built");
    let calls: Vec<_> = events.iter().filter(|event| event["file"].as_str() != own.to_str()).collect();
    let said: Vec<_> = calls.iter().map(|event| (&event["file"], &event["retval"], &event["args"])).collect();
    let expected = [
        (json!("/bin/true"), json!(0), json!(["/bin/true", marker, "a b", ""])),
        (json!(""), json!(0), json!(["/bin/true", marker, "by execveat"])),
        (json!("/absent"), json!(-2), json!(["/absent", marker])),
    ];
    assert_eq!(said, expected.each_ref().map(|(file, retval, args)| (file, retval, args)));
}
