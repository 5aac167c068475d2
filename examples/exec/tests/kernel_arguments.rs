//! What execve was called with.

mod common;

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, process::Command};

use serde_json::json;

use crate::common::{ExecTrace, Trace, built_with, folder, kernel_permits, marker, odd_command, run, start};

/// Starts `/bin/true` with these arguments under a tracer.
fn trace_true(args: &[&[u8]]) -> Trace {
    let tracer = start(&["--json"]);
    run(Command::new("/bin/true").args(args.iter().map(|arg| OsStr::from_bytes(arg))));
    tracer.stop()
}

#[test]
fn kernel_arguments_arrive_as_they_are() {
    if !kernel_permits() {
        return;
    }
    let marker = marker("odd");
    let event = trace_true(&[b"", marker.as_bytes(), b"", b"a\nb\r", b"'\"\\", "größe \u{1f600}".as_bytes(), b""])
        .event_with(&marker);
    assert_eq!(event["args"], json!(["/bin/true", "", marker, "", "a\nb\r", "'\"\\", "größe \u{1f600}", ""]));
    assert_eq!(event["args_count"], 8);
    let sizes = event["args"].as_array().expect("a list").iter().map(|arg| arg.as_str().expect("text").len() + 1);
    assert_eq!(event["args_size"], sizes.sum::<usize>());
    assert_eq!((&event["args_cut"], &event["missing"]), (&json!(false), &json!([])));
    assert_eq!((&event["file"], &event["retval"]), (&json!("/bin/true"), &json!(0)));
    assert!(event.get("raw").is_none(), "{event:#}");
}

#[test]
fn kernel_arguments_that_are_not_text_are_kept_byte_by_byte() {
    if !kernel_permits() {
        return;
    }
    let marker = marker("bytes");
    let event = trace_true(&[marker.as_bytes(), b"\xff\xfe\x80x"]).event_with(&marker);
    assert_eq!(event["args"][2], "\u{fffd}\u{fffd}\u{fffd}x");
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(event["raw"]["args"], format!("{}00{}00fffe807800", hex("/bin/true"), hex(&marker)));
}

#[test]
fn kernel_arguments_may_be_none_at_all() {
    if !kernel_permits() {
        return;
    }
    for mode in ["null", "empty"] {
        // A copy of its own tells the call apart, as there is no argument to do it.
        let folder = folder();
        let program = folder.path().join("true");
        std::fs::copy("/bin/true", &program).expect("a copy of /bin/true");
        let program = program.to_str().expect("a path that is text");
        let tracer = start(&["--json"]);
        run(&mut odd_command(&[mode, program]));
        let events = tracer.stop().events();
        let event = events.iter().find(|event| event["file"] == program).expect("the call was seen");
        assert_eq!((&event["args"], &event["args_count"], &event["args_size"]), (&json!([]), &json!(0), &json!(0)));
        assert_eq!((&event["args_cut"], &event["missing"]), (&json!(false), &json!([])), "{mode}");
    }
}

#[test]
fn kernel_arguments_beyond_the_room_are_cut_and_flagged() {
    if !kernel_permits() {
        return;
    }
    let room = built_with("ARGS");
    let marker = marker("cut");
    let before = "/bin/true".len() + 1 + marker.len() + 1;

    let fits = vec![b'x'; room - before - 1];
    let event = trace_true(&[marker.as_bytes(), &fits]).event_with(&marker);
    assert_eq!(
        (&event["args_cut"], &event["args_size"], &event["args_count"]),
        (&json!(false), &json!(room), &json!(3))
    );
    assert_eq!(event["args"][2].as_str().expect("text").len(), fits.len());

    let one_more = vec![b'y'; room - before];
    let event = trace_true(&[marker.as_bytes(), &one_more]).event_with(&marker);
    assert_eq!(
        (&event["args_cut"], &event["args_size"], &event["args_count"]),
        (&json!(true), &json!(room), &json!(3))
    );
    assert_eq!(event["args"][2].as_str().expect("text").len(), one_more.len() - 1);

    let event = trace_true(&[marker.as_bytes(), &fits, b""]).event_with(&marker);
    assert_eq!(
        (&event["args_cut"], &event["args_size"], &event["args_count"]),
        (&json!(true), &json!(room), &json!(3))
    );
}

#[test]
fn kernel_arguments_may_be_many() {
    if !kernel_permits() {
        return;
    }
    let room = built_with("ARGS");
    let marker = marker("many");
    let mut args: Vec<&[u8]> = vec![b""; 2 * room];
    args[0] = marker.as_bytes();
    let event = trace_true(&args).event_with(&marker);
    let before = "/bin/true".len() + 1 + marker.len() + 1;
    assert_eq!(event["args_count"], room - before + 2, "every byte that is left is an empty argument");
    assert_eq!((&event["args_cut"], &event["args_size"]), (&json!(true), &json!(room)));
}

/// Whoever has mapped a file and not read it has its pages nowhere: BPF cannot fetch them, execve itself does.
#[test]
fn kernel_arguments_that_were_not_in_memory_are_read_later() {
    if !kernel_permits() {
        return;
    }
    let folder = folder();
    let file = folder.path().join("strings");
    let file = file.to_str().expect("a path that is text");
    let marker = marker("absent");
    let tracer = start(&["--json"]);
    run(&mut odd_command(&["absent", file, "/bin/true", &marker, "last"]));
    let failed = odd_command(&["absent", file, "/bin/absent", &marker]).status().expect("odd runs");
    assert_eq!(failed.code(), Some(98), "there is no /bin/absent");
    let trace = tracer.stop();

    let events: Vec<_> = trace.events_with(&marker).into_iter().filter(|event| event["args"][0] != "odd").collect();
    let event = events.iter().find(|event| event["file"] == "/bin/true").expect("the call was seen");
    assert_eq!((&event["args"], &event["missing"]), (&json!(["/bin/true", marker, "last"]), &json!([])));
    // A call that fails early has not fetched its arguments either, but always its path.
    let events = trace.events();
    let event = events.iter().find(|event| event["file"] == "/bin/absent").expect("the failed call was seen");
    assert_eq!(event["retval"], -2);
}
