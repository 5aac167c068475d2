//! Paths, wherever they begin and however long they are.

mod common;

use std::{fs, process::Command};

use common::{
    FsnotifyTrace, Traced, built_with, kernel_permits, odd, odd_program, run, run_mounts, traced, traced_program,
};
use serde_json::{Value, json};

/// The only event of which the path as given ends like this.
#[track_caller]
fn event<'a>(events: &'a [Value], path: &str) -> &'a Value {
    let found: Vec<_> =
        events.iter().filter(|event| event["path"].as_str().is_some_and(|p| p.ends_with(path))).collect();
    assert_eq!(found.len(), 1, "events of {path}: {events:#?}");
    found[0]
}

/// The end of a text that does not fit into `room` bytes with its NUL, or all of it.
fn tail(whole: &str, room: usize) -> String {
    let bytes = whole.as_bytes();
    let start = if bytes.len() < room { 0 } else { bytes.len() - (room - 2) };
    String::from_utf8_lossy(&bytes[start..]).into_owned()
}

#[test]
fn kernel_paths_of_folders_around_the_length_of_the_field() {
    if !kernel_permits() {
        return;
    }
    let room = built_with("PATH");
    for (levels, name) in [(3, "d"), (room / 100, &*"n".repeat(99)), (room / 200 + 1, &*"n".repeat(199))] {
        let deep = |path: &str| run(&mut odd(path, &["deep", &levels.to_string(), name]));
        // By its name, as the paths that keep their end do not begin with the folder.
        let Traced { trace, path, result: ended } = traced_program(&odd_program(), deep);
        let events = trace.of(ended.pid);
        let whole = path + &format!("/{name}").repeat(levels);
        // The directory, and behind it the path; or the file itself.
        let absent = event(&events, "absent");
        assert_eq!((&absent["place"], &absent["exact"]), (&json!(tail(&whole, room)), &json!(false)));
        assert_eq!(absent["truncated"] == json!(["place"]), whole.len() >= room, "{absent:#}");
        assert_eq!(absent["file"], tail(&whole, room) + "/absent");
        let created = event(&events, "created");
        assert_eq!((&created["file"], &created["exact"]), (&json!(tail(&(whole + "/created"), room)), &json!(true)));
    }
}

#[test]
fn kernel_paths_as_given_keep_their_beginning() {
    if !kernel_permits() {
        return;
    }
    let room = built_with("PATH");
    let last_event = |given: &str| {
        let reads = |path: &str| run(&mut odd(path, &["reads", given]));
        let Traced { trace, result: ended, .. } = traced_program(&odd_program(), reads);
        trace.of(ended.pid).pop().expect("an event")
    };
    // The kernel itself takes no path of more than 4095 bytes.
    for length in [room - 2, room - 1, room.min(4095), (room + 100).min(4095)] {
        let given = "/".repeat(length - "etc/absent".len()) + "etc/absent";
        let event = last_event(&given);
        let truncated = length >= room;
        assert_eq!(event["path"].as_str().expect("text"), if truncated { &given[..room - 2] } else { &given });
        assert_eq!(event["truncated"] == json!(["path"]), truncated, "{event:#}");
        assert_eq!(event["retval"], -2);
    }
    // One more byte is ENAMETOOLONG, which is an event as well.
    assert_eq!(last_event(&"/".repeat(4096))["retval"], -36);
}

#[test]
fn kernel_paths_of_links_folders_and_what_is_gone() {
    if !kernel_permits() {
        return;
    }
    let script = "echo text >file; ln -s file link; cat link; cat /dev/stdin <link; mkdir gone; cd gone; rmdir ../gone; cat nothing; true";
    let Traced { trace, path, .. } = traced(|path| run(Command::new("/bin/sh").args(["-c", script]).current_dir(path)));
    let events = trace.below(&path);
    let links: Vec<_> = events.iter().filter(|event| event["path"] == "link").collect();
    assert_eq!(links.len(), 2, "{events:#?}");
    for link in links {
        assert_eq!((&link["file"], &link["exact"]), (&json!(format!("{path}/file")), &json!(true)));
    }
    // When the call returned, the directory where its path began was gone.
    assert_eq!(event(&events, "../gone")["place"], format!("{path}/gone (deleted)"));
    assert_eq!(event(&events, "nothing")["file"], format!("{path}/gone (deleted)/nothing"));
}

#[test]
fn kernel_paths_cross_mounts() {
    if !kernel_permits() {
        return;
    }
    let script = r#"cd "$1"; mkdir -p outer other target; mount -t tmpfs none outer; mkdir outer/inner other/bound
           mount -t tmpfs none outer/inner; mount --bind other target
           : >outer/inner/new; : >target/bound/through; cd target/bound; cat absent || true; mv through moved"#;
    let Traced { trace, path, .. } = traced(|path| run_mounts(script, path));
    let events = trace.below(&path);
    assert_eq!(event(&events, "/new")["file"], format!("{path}/outer/inner/new"));
    let through = events.iter().find(|event| event["path"] == "target/bound/through").expect("it was created");
    assert_eq!((&through["file"], &through["created"]), (&json!(format!("{path}/target/bound/through")), &json!(true)));
    assert_eq!(event(&events, "absent")["file"], format!("{path}/target/bound/absent"));
    let moved = events.iter().find(|event| event["op"] == "rename").expect("it was renamed");
    let expected = ["through", "moved"].map(|name| json!(format!("{path}/target/bound/{name}")));
    assert_eq!([&moved["file"], &moved["to_file"]], [&expected[0], &expected[1]]);
    let own = fs::read_link("/proc/self/ns/mnt").expect("a link");
    assert_ne!(own.to_str(), Some(&*format!("mnt:[{}]", moved["mntns"])), "it was in a namespace of its own");
}

/// An absolute path begins at the root of its process.
#[test]
fn kernel_paths_in_a_chroot_begin_at_the_root_of_the_namespace() {
    if !kernel_permits() {
        return;
    }
    let script = r#"cd "$1"; mkdir -p new/inside; for dir in bin lib lib64 usr; do mkdir new/$dir; mount --rbind /$dir new/$dir || rmdir new/$dir; done
           chroot new /bin/sh -c ': >/inside/made; rm /inside/made'"#;
    let Traced { trace, path, .. } = traced(|path| run_mounts(script, path));
    let events = trace.below(&format!("{path}/new/inside/made"));
    let seen: Vec<_> = events.iter().map(|event| (event["op"].as_str(), event["exact"].as_bool())).collect();
    assert_eq!(seen, [(Some("open"), Some(true)), (Some("unlink"), Some(false))]);
    assert!(events.iter().all(|event| event["path"] == "/inside/made"), "{events:#?}");
}
