//! Who it was, and whom to show.

mod common;

use std::{
    fs,
    os::unix::fs::MetadataExt,
    process::{self, Command},
};

use common::{FsnotifyTrace, Traced, folder, fsnotify, kernel_permits, profile, run, text, traced, traced_with};
use serde_json::{Value, json};

/// The words behind a name in `/proc/PID/status`.
fn status<'a>(status: &'a str, name: &str) -> Vec<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
    line.split_whitespace().collect()
}

#[test]
fn kernel_actors_are_those_of_proc() {
    if !kernel_permits() {
        return;
    }
    let script = "cat /proc/$$/status /proc/$$/stat /proc/$$/cgroup; umask 027; : >made";
    let shell = |path: &str| run(Command::new("/bin/sh").args(["-c", script]).current_dir(path));
    let Traced { trace, result: ended, .. } = traced(shell);
    let events = trace.of(ended.pid);
    let event = events.first().expect("an event");

    for (name, word, fields) in [("Uid:", 0, ["uid", "fsuid"]), ("Gid:", 0, ["gid", "fsgid"])] {
        let ids = status(&ended.stdout, name);
        assert_eq!(fields.map(|field| event[field].to_string()), [ids[word], ids[3]], "{event:#}");
    }
    let capabilities = u64::from_str_radix(status(&ended.stdout, "CapEff:")[0], 16).expect("a mask");
    assert_eq!(event["capabilities"], capabilities);
    assert_eq!(
        (&event["pid"], &event["tid"], &event["ppid"]),
        (&json!(ended.pid), &json!(ended.pid), &json!(process::id()))
    );
    assert_eq!((&event["comm"], &event["umask"], &event["mode"]), (&json!("sh"), &json!(0o027), &json!(0o666)));
    let comm = fs::read_to_string("/proc/self/comm").expect("our name");
    assert_eq!(event["pcomm"], comm.trim_end(), "the process, not the thread that runs this test");
    let link = fs::read_link("/proc/self/ns/mnt").expect("a link");
    assert_eq!(link.to_str(), Some(&*format!("mnt:[{}]", event["mntns"])));

    // Field 22 of proc(5), in hundredths of a second, counted from behind the name.
    let stat = ended.stdout.lines().find_map(|line| line.split_once("(sh) ")).expect("a line of stat").1;
    let ticks: u64 = stat.split(' ').nth(19).and_then(|word| word.parse().ok()).expect("a number");
    assert_eq!(event["started"].as_u64().map(|nanos| nanos / 10_000_000), Some(ticks));

    let exe = fs::metadata(text("/bin/sh".as_ref())).expect("a shell");
    assert_eq!(event["exe_inode"], exe.ino());
    let device = event["exe_device"].as_u64().expect("a number");
    assert_eq!(device >> 20, u64::from(rustix::fs::major(exe.dev())));
    // The id of a cgroup is the inode of its folder.
    let cgroup = ended.stdout.lines().find_map(|line| line.strip_prefix("0::"));
    if let Some(folder) = cgroup.and_then(|cgroup| fs::metadata(format!("/sys/fs/cgroup{cgroup}")).ok())
        && fs::exists("/sys/fs/cgroup/cgroup.controllers").unwrap_or(false)
    {
        assert_eq!(event["cgroup"], folder.ino());
    }
}

#[test]
fn kernel_actors_can_be_filtered() {
    if !kernel_permits() {
        return;
    }
    let script = "mkdir a; mv a b; rmdir b; : >c; rm c";
    // `PATH` in the options is the folder.
    let seen = |options: &[&str]| {
        let options = |path: &str| options.iter().map(|option| option.replace("PATH", path)).collect();
        let shell = |path: &str| run(Command::new("/bin/sh").args(["-c", script]).current_dir(path));
        traced_with(options, shell).trace.events()
    };
    let ops =
        |events: &[Value]| events.iter().map(|e| e["op"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>();

    assert_eq!(ops(&seen(&["--path", "PATH/", "--op", "mkdir,rmdir,rename"])), ["mkdir", "rename", "rmdir"]);
    // The second path counts as well.
    assert_eq!(ops(&seen(&["--path", "PATH/b", "--op", "rename"])), ["rename"]);
    let events = seen(&["--path", "PATH/", "--comm", "rm"]);
    assert!(!events.is_empty() && events.iter().all(|event| event["comm"] == "rm"), "{events:#?}");
    assert!(seen(&["--comm", "nobody is called"]).is_empty());
}

#[test]
fn kernel_actors_have_a_table() {
    if !kernel_permits() {
        return;
    }
    let (_folder, path) = folder();
    let mut tool = fsnotify();
    tool.args(["--path", &path]);
    let tracer = common::Tracer::start(tool);
    run(Command::new("/bin/sh").args(["-c", ": >a; mv a 'b\x1b[2J'"]).current_dir(&path));
    let trace = tracer.stop();
    assert!(trace.lines[0].contains("COMM") && trace.lines[0].ends_with("FILE"), "{trace:?}");
    let lines: Vec<_> = trace.lines.iter().skip(1).collect();
    assert!(lines.iter().any(|line| line.contains(" create ") && line.ends_with(&format!("{path}/a"))), "{lines:?}");
    let renamed = format!(r"{path}/a -> {path}/b\x1b[2J");
    assert!(lines.iter().any(|line| line.contains(" rename ") && line.ends_with(&renamed)), "{lines:?}");
}

#[test]
fn kernel_actors_are_told_by_a_binary_that_says_how_it_was_built() {
    let version = fsnotify().arg("--version").output().expect("fsnotify runs");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    assert!(version.contains(&format!("profile {}", profile().unwrap_or("default"))), "{version}");
}
