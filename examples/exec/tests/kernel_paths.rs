//! Working directories and executables, wherever they lie.

mod common;

use std::{fs, os::unix::process::CommandExt, path::Path, process::Command};

use serde_json::{Value, json};

use crate::common::{ExecTrace, built_with, folder, kernel_permits, marker, odd, odd_command, run, start};

/// Runs this program under a tracer; the event is the last with the marker, as `odd` has been given it, too.
fn trace(command: &mut Command, marker: &str) -> Value {
    let tracer = start(&["--json"]);
    run(command);
    let trace = tracer.stop();
    trace.events_with(marker).pop().unwrap_or_else(|| panic!("no event with {marker}: {trace:?}"))
}

/// Runs a shell script in a mount namespace of its own, in which `$0` is a folder to work in and `$1` a marker.
fn trace_mounts(script: &str) -> (Vec<Value>, String) {
    let folder = folder();
    let marker = marker("mounts");
    let tracer = start(&["--json"]);
    let script = format!("set -e; {script}");
    run(Command::new("unshare").args(["--mount", "sh", "-c", &script]).arg(folder.path()).arg(&marker));
    let events = tracer.stop().events_with(&marker);
    // The shell itself has the marker, too.
    let events = events.into_iter().filter(|event| event["args"].as_array().is_some_and(|args| args.len() == 2));
    (events.collect(), text(folder.path()))
}

fn text(path: &Path) -> String {
    fs::canonicalize(path).expect("it exists").to_str().expect("a path that is text").to_owned()
}

#[test]
fn kernel_paths_are_those_of_proc() {
    if !kernel_permits() {
        return;
    }
    let folder = folder();
    let marker = marker("proc");
    let tracer = start(&["--json"]);
    // The arguments after the script are the shell's own.
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "readlink /proc/$$/cwd /proc/$$/exe", &marker]).current_dir(folder.path());
    let output = run(&mut command);
    let event = tracer.stop().event_with(&marker);
    let links = String::from_utf8(output.stdout).expect("paths that are text");
    let links: Vec<_> = links.lines().collect();
    assert_eq!([&event["cwd"], &event["exepath"]], [&json!(links[0]), &json!(links[1])]);
    assert_eq!((&event["file"], &event["truncated"]), (&json!("/bin/sh"), &json!([])));
}

#[test]
fn kernel_paths_of_the_root() {
    if !kernel_permits() {
        return;
    }
    let marker = marker("root");
    assert_eq!(trace(Command::new("/bin/true").arg(&marker).current_dir("/"), &marker)["cwd"], "/");
}

#[test]
fn kernel_paths_of_sixty_directories() {
    if !kernel_permits() {
        return;
    }
    let folder = folder();
    let marker = marker("deep");
    let event = trace(odd_command(&["deep", "60", "d", "/bin/true", &marker]).current_dir(folder.path()), &marker);
    assert_tail(&event, "cwd", &(text(folder.path()) + &"/d".repeat(60)));
}

/// More directories than the walk has rounds, in either direction of the bound.
#[test]
fn kernel_paths_deeper_than_the_field() {
    if !kernel_permits() {
        return;
    }
    let room = built_with("PATH");
    for (levels, name) in [(room, "d"), (room / 2, "d"), (room / 100 + 1, &*"n".repeat(200)), (20, &*"ö".repeat(100))]
    {
        let folder = folder();
        let marker = marker("deeper");
        let count = levels.to_string();
        let mut command = odd_command(&["deep", &count, name, "/bin/true", &marker]);
        let event = trace(command.current_dir(folder.path()), &marker);
        assert_tail(&event, "cwd", &(text(folder.path()) + &format!("/{name}").repeat(levels)));
    }
}

/// Every length around that which just fits.
#[test]
fn kernel_paths_at_the_edge_of_the_field() {
    if !kernel_permits() {
        return;
    }
    let room = built_with("PATH");
    for missing in 0..5 {
        let folder = folder();
        let marker = marker("edge");
        let base = text(folder.path());
        // Path and NUL together have `room + 2 - missing` bytes: two too many, up to two fewer than fit.
        let length = room + 1 - missing;
        let rest = length - base.len();
        let (full, last) = ((rest - 2) / 101, (rest - 2) % 101 + 1);
        let (full_name, last_name) = ("n".repeat(100), "l".repeat(last));
        let path = base + &format!("/{full_name}").repeat(full) + "/" + &last_name;
        assert_eq!(path.len(), length);
        let odd = odd(&[]).expect("odd.c compiles");
        let mut command = odd_command(&["deep", &full.to_string(), &full_name]);
        command.arg(odd).args(["deep", "1", &last_name, "/bin/true", &marker]);
        let event = trace(command.current_dir(folder.path()), &marker);
        assert_tail(&event, "cwd", &path);
        assert_eq!(event["truncated"] == json!(["cwd"]), length >= room, "{missing}: {event:#}");
    }
}

/// What is expected of a path that keeps its end.
#[track_caller]
fn assert_tail(event: &Value, field: &str, whole: &str) {
    let room = built_with("PATH");
    let text = event[field].as_str().expect("text");
    let truncated = event["truncated"].as_array().expect("a list").contains(&json!(field));
    if whole.len() < room {
        assert_eq!((text, truncated), (whole, false));
        return;
    }
    assert!(truncated, "{event:#}");
    let tail = &whole.as_bytes()[whole.len() - (room - 2)..];
    assert_eq!(text, String::from_utf8_lossy(tail));
}

#[test]
fn kernel_paths_that_execve_was_called_with_keep_their_beginning() {
    if !kernel_permits() {
        return;
    }
    let room = built_with("PATH");
    // The kernel itself takes no path of more than 4095 bytes.
    let length = (room + 100).min(4095);
    let marker = marker("file");
    let file = "/".repeat(length - "bin/true".len()) + "bin/true";
    let event = trace(Command::new(&file).arg0("true").arg(&marker), &marker);
    let truncated = length >= room;
    assert_eq!(event["file"].as_str().expect("text"), if truncated { &file[..room - 2] } else { &file });
    assert_eq!(event["truncated"] == json!(["file"]), truncated, "{event:#}");
    assert_eq!(event["exepath"], text(Path::new("/bin/true")));
}

#[test]
fn kernel_paths_of_deleted_directories_and_files() {
    if !kernel_permits() {
        return;
    }
    let folder = folder();
    let marker = marker("deleted");
    let script = format!("mkdir gone && cd gone && rmdir ../gone && exec /bin/true {marker}");
    let event = trace(Command::new("/bin/sh").args(["-c", &script]).current_dir(folder.path()), &marker);
    assert_eq!(event["cwd"], text(folder.path()) + "/gone (deleted)");

    let event = trace(&mut odd_command(&["memfd", "/bin/true", &marker]), &marker);
    assert_eq!((&event["exepath"], &event["file"]), (&json!("/memfd:copy (deleted)"), &json!("")));
}

#[test]
fn kernel_paths_cross_mounts() {
    if !kernel_permits() {
        return;
    }
    let (events, folder) = trace_mounts(
        r#"cd "$0"; mkdir -p outer target other
           mount -t tmpfs none outer; mkdir -p outer/inner; mount -t tmpfs none outer/inner; mkdir outer/inner/end
           mkdir other/bound; mount --bind other target
           (cd outer/inner/end; /bin/true "$1"); (cd target/bound; /bin/true "$1"); (cd outer; /bin/true "$1")
           cp /bin/true outer/inner/tool; outer/inner/tool "$1""#,
    );
    let cwds: Vec<_> = events.iter().map(|event| event["cwd"].as_str().expect("text").to_owned()).collect();
    let expected = ["/outer/inner/end", "/target/bound", "/outer", ""].map(|end| folder.clone() + end);
    assert_eq!(cwds, expected);
    assert_eq!(events[3]["exepath"], folder + "/outer/inner/tool");
    let own = fs::read_link("/proc/self/ns/mnt").expect("a link");
    assert_ne!(own.to_str(), Some(&*format!("mnt:[{}]", events[0]["mntns"])), "it was in a namespace of its own");
}

/// Each mount takes a round of the walk, and no room.
#[test]
fn kernel_paths_cross_twenty_mounts() {
    if !kernel_permits() {
        return;
    }
    let (events, folder) = trace_mounts(
        r#"cd "$0"; for level in $(seq 20); do mkdir m; mount -t tmpfs none m; cd m; done; /bin/true "$1""#,
    );
    assert_eq!(events.len(), 1);
    assert_tail(&events[0], "cwd", &(folder + &"/m".repeat(20)));
}

#[test]
fn kernel_paths_in_a_chroot_begin_at_the_root_of_the_namespace() {
    if !kernel_permits() {
        return;
    }
    let (events, folder) = trace_mounts(
        r#"cd "$0"; mkdir -p new/inside; for dir in bin lib lib64 usr; do mkdir new/$dir; mount --rbind /$dir new/$dir || rmdir new/$dir; done
           chroot new /bin/sh -c 'cd inside; /bin/true '"$1""#,
    );
    assert_eq!(events[0]["cwd"], folder + "/new/inside");
}

#[test]
fn kernel_paths_of_the_upper_layer_are_told_from_the_lower() {
    if !kernel_permits() {
        return;
    }
    let (events, folder) = trace_mounts(
        r#"cd "$0"; mkdir all; mount -t tmpfs none all; cd all; mkdir lower upper work merged
           cp /bin/true lower/old; mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work merged
           cp /bin/true merged/new; merged/old "$1"; merged/new "$1"; touch merged/old; merged/old "$1"; lower/old "$1""#,
    );
    let seen: Vec<_> = events.iter().map(|event| (event["exepath"].as_str(), event["upper_layer"].as_bool())).collect();
    let path = |end: &str| format!("{folder}/all/{end}");
    let (old, new, lower) = (path("merged/old"), path("merged/new"), path("lower/old"));
    // `touch` copies it up.
    let expected = [(&old, false), (&new, true), (&old, true), (&lower, false)];
    assert_eq!(seen, expected.map(|(path, upper)| (Some(&**path), Some(upper))));
}
