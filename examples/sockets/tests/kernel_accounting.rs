//! Entries go when sockets go, and nothing is lost unseen.

mod common;

use std::{
    env,
    net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use common::{SocketsTrace, Trace, alone, has_owners, kernel_permits, profile, start};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::tempdir;
use tool::testing::compared;

/// Every socket and packet is in one of the numbers.
fn adds_up(trace: &Trace) {
    assert_eq!(
        trace.total("sockets opened"),
        trace.total("closed") + trace.total("replaced") + trace.total("open of"),
        "{trace:?}"
    );
    assert_eq!(trace.total("packets,"), trace.total("received") + trace.total("lost"), "{trace:?}");
    if has_owners() {
        assert_eq!(trace.total("paths entered"), trace.total("aged out") + trace.total("kept"), "{trace:?}");
    }
}

fn localhost() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port")
}

#[test]
fn kernel_accounting_of_sockets_that_come_and_go() {
    if !kernel_permits() {
        return;
    }
    let _alone = alone();
    let tracer = start(&[]);
    for _ in 0..500 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let client = TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
        drop((listener.accept().expect("accepted"), client, listener, localhost()));
    }
    let kept: Vec<_> = (0..100).map(|_| localhost()).collect();
    let trace = tracer.stop();
    adds_up(&trace);
    assert!(trace.total("sockets opened") >= 1600, "{trace:?}");
    // Other tests have sockets of their own meanwhile, a few.
    assert!((100..150).contains(&trace.total("open of")), "{trace:?}");
    drop(kept);
}

/// However a process ends, the kernel closes its sockets.
#[test]
fn kernel_accounting_of_a_process_that_is_killed() {
    if !kernel_permits() {
        return;
    }
    let _alone = alone();
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = server.local_addr().expect("an address").port();
    let tracer = start(&["--comm", "bash"]);
    let script =
        format!("for fd in {{10..59}}; do eval \"exec $fd<>/dev/tcp/127.0.0.1/{port}\"; done; echo; read -r -t 60");
    let mut bash = Command::new("/bin/bash")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash runs");
    let accepted: Vec<_> = (0..50).map(|_| server.accept().expect("a connection")).collect();
    bash.kill().expect("it runs");
    bash.wait().expect("it ended");
    drop(accepted);
    // A connection is closed when the other side has answered.
    thread::sleep(Duration::from_millis(100));
    let trace = tracer.stop();
    adds_up(&trace);
    assert!(trace.total("closed") >= 50, "{trace:?}");
    assert!(trace.total("open of") < 50, "{trace:?}");
}

/// More sockets than the map has room for.
#[test]
fn kernel_accounting_of_a_full_map() {
    if !kernel_permits() {
        return;
    }
    let _alone = alone();
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let wanted = 20_000;
    if maximum.is_some_and(|most| most < wanted + 100) {
        println!("skipped: only {maximum:?} files may be open");
        return;
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted + 100), maximum }).expect("within the maximum");
    let tracer = start(&[]);
    let kept: Vec<_> = (0..wanted).map(|_| localhost()).collect();
    let pid = tracer.pid();
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../layouts.toml");
    // Full maps cost what was predicted for them.
    let maps = compared(pid, &spec, profile());
    drop(kept);
    let trace = tracer.stop();
    adds_up(&trace);
    assert!(maps.contains(&"gadget_sockets".to_owned()), "{maps:?}");
    let opened = trace.total("sockets opened");
    assert!(opened >= 16_384 && trace.stderr.contains("(no room for "), "{trace:?}");
    let refused: u64 =
        trace.stderr.rsplit("(no room for ").next().and_then(|t| t.split(',').next()?.parse().ok()).expect("a number");
    assert!(refused >= wanted - 16_384 && opened + refused >= wanted, "{trace:?}");
    assert!(trace.total("open of") < 100, "{trace:?}");
}

#[test]
fn kernel_accounting_of_memory_is_as_predicted() {
    if !kernel_permits() {
        return;
    }
    let _alone = alone();
    let tracer = start(&[]);
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../layouts.toml");
    let maps = compared(tracer.pid(), &spec, profile());
    let interned: &[&str] = if has_owners() { &["socket_owners", "path_strings", "path_interning"] } else { &[] };
    for name in ["gadget_sockets", "packets", "socket_stats", "owner_rooms", "sockets_opening"].iter().chain(interned) {
        assert!(maps.iter().any(|map| map == name), "{name} is not among {maps:?}");
    }
    drop(tracer.stop());
}

/// Where owners stand by themselves, all sockets of a process share one.
#[test]
fn kernel_accounting_of_owners() {
    if !kernel_permits() {
        return;
    }
    let _alone = alone();
    let tracer = start(&[]);
    let kept: Vec<_> = (0..300).map(|_| localhost()).collect();
    let trace = tracer.stop();
    adds_up(&trace);
    let (open, owners) = (trace.total("open of"), trace.total("owners ("));
    assert!(open >= 300, "{trace:?}");
    if profile() == Some("lean") {
        // Each test is a thread with a name of its own, which is a part of what is said of an owner.
        assert!((1..30).contains(&owners), "{trace:?}");
    } else if profile().is_some() {
        assert_eq!(owners, open);
    }
    drop(kept);
}

/// Has bash open a datagram socket in each of so many folders, and close it again.
fn sockets_in_folders(parent: &Path, folders: u32) {
    let script = format!(
        "for i in {{1..{folders}}}; do mkdir $i && cd $i && exec {{fd}}<>/dev/udp/127.0.0.1/9 && exec {{fd}}>&- && cd .. || exit; done"
    );
    let status = Command::new("/bin/bash").args(["-c", &script]).current_dir(parent).status().expect("bash runs");
    assert!(status.success());
}

/// More paths than there is room for: what is known of an owner is told without them.
#[test]
fn kernel_accounting_of_a_full_dictionary() {
    if !kernel_permits() || !has_owners() {
        return;
    }
    let _alone = alone();
    let parent = tempdir().expect("a folder");
    let tracer = start(&["--comm", "bash"]);
    sockets_in_folders(parent.path(), 400);
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../layouts.toml");
    let maps = compared(tracer.pid(), &spec, profile());
    let trace = tracer.stop();
    adds_up(&trace);
    assert!(maps.contains(&"path_strings".to_owned()), "{maps:?}");
    let (entered, kept) = (trace.total("paths entered"), trace.total("kept"));
    // The rest found no room; each is asked for once, and the executable was the first that was met.
    assert!(entered == 256 && kept == 256, "{trace:?}");
    let account = trace.stderr.split_once("kept (no room: ").and_then(|(_, rest)| rest.split_once(','));
    let refused: u64 = account.and_then(|(number, _)| number.parse().ok()).expect("a number");
    assert!(refused >= 400 - 256, "{trace:?}");
}

/// A path goes when no owner has had it for a while, and not before.
#[test]
fn kernel_accounting_of_paths_that_age() {
    if !kernel_permits() || !has_owners() {
        return;
    }
    let parent = tempdir().expect("a folder");
    let tracer = start(&["--path-age", "0.5"]);
    let kept = localhost();
    sockets_in_folders(parent.path(), 20);
    // A round, the time that a path is left alone after it was met, and some more rounds.
    thread::sleep(Duration::from_secs(8));
    kept.send_to(b"a word", kept.local_addr().expect("an address")).expect("sent");
    let trace = tracer.stop();
    adds_up(&trace);
    assert!(trace.total("aged out") >= 20, "{trace:?}");
    // Ours is still there, though nobody has met it since.
    let address = kept.local_addr().expect("an address");
    let packets = trace.between(address, address);
    assert_eq!(packets.len(), 2, "{trace:?}");
    let here = env::current_dir().expect("a folder");
    assert!(packets.iter().all(|packet| packet["owner"]["cwd"].as_str() == here.to_str()), "{packets:#?}");
}
