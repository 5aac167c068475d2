//! Each packet is given to whom it belongs.

mod common;

use std::{
    env, fs,
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket},
    process::{Command, Stdio, id},
    thread,
};

use common::{SocketsTrace, kernel_permits, local_is, profile, start};
use rustix::{
    net::{AddressFamily, SendFlags, SocketType, sendto, socket},
    process::{Gid, Uid},
    thread::{gettid, set_thread_gid, set_thread_uid},
};
use serde_json::Value;
use tempfile::tempdir;

const LOOPBACKS: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// What the tool must say of a socket that this thread opened.
fn expect_us(owner: &Value) {
    let comm = fs::read_to_string("/proc/thread-self/comm").expect("we have a name");
    assert_eq!(owner["pid"], id(), "{owner}");
    assert_eq!(owner["comm"], comm.trim_end(), "{owner}");
    assert_eq!(owner["ppid"], std::os::unix::process::parent_id(), "{owner}");
    assert_eq!(owner["cwd"].as_str(), env::current_dir().expect("a folder").to_str(), "{owner}");
    assert_eq!(owner["exepath"].as_str(), env::current_exe().expect("we run").to_str(), "{owner}");
    assert_eq!(
        (&owner["uid"], &owner["gid"]),
        (&rustix::process::getuid().as_raw().into(), &rustix::process::getgid().as_raw().into())
    );
    let mntns = fs::read_link("/proc/self/ns/mnt").expect("a namespace");
    assert_eq!(mntns.to_str(), Some(format!("mnt:[{}]", owner["mntns"]).as_str()));
}

/// bash, connected to a port of ours by its own means, and its process id.
fn bash_says(to: SocketAddr, word: &str) -> u32 {
    let script = format!("exec 3<>/dev/tcp/{}/{}; echo {word} >&3; read -r line <&3; exec 3>&-", to.ip(), to.port());
    let mut bash = Command::new("/bin/bash").args(["-c", &script]).stdin(Stdio::null()).spawn().expect("bash runs");
    let pid = bash.id();
    assert!(bash.wait().expect("bash ends").success());
    pid
}

#[test]
fn kernel_owners_of_both_ends_of_a_connection() {
    if !kernel_permits() {
        return;
    }
    for loopback in LOOPBACKS {
        let tracer = start(&[]);
        let listener = TcpListener::bind((loopback, 0)).expect("a port");
        let server = listener.local_addr().expect("an address");
        let client = thread::spawn(move || bash_says(server, "hello"));
        let (mut stream, peer) = listener.accept().expect("a connection");
        let mut word = [0; 6];
        stream.read_exact(&mut word).expect("a word");
        stream.write_all(b"answer\n").expect("an answer");
        let bash = client.join().expect("it ended well");
        drop((stream, listener));
        let trace = tracer.stop();

        let packets = trace.between(server, peer);
        // SYN, SYN+ACK, ACK, two words and their ACKs at least, each seen at both of its ends.
        assert!(packets.len() >= 12, "{packets:#?}\n{trace:?}");
        for packet in &packets {
            let owner = &packet["owner"];
            if local_is(packet, server) {
                expect_us(owner);
            } else {
                assert_eq!(owner["pid"], bash, "{packet}");
                assert_eq!((&owner["comm"], &owner["ppid"]), (&"bash".into(), &id().into()), "{packet}");
                assert!(owner["exepath"].as_str().is_some_and(|path| path.ends_with("/bash")), "{packet}");
            }
        }
    }
}

#[test]
fn kernel_owners_of_datagrams_from_the_first() {
    if !kernel_permits() {
        return;
    }
    for loopback in LOOPBACKS {
        let tracer = start(&[]);
        let (one, other) = (UdpSocket::bind((loopback, 0)), UdpSocket::bind((loopback, 0)));
        let (one, other) = (one.expect("a port"), other.expect("a port"));
        let (from, to) = (one.local_addr().expect("an address"), other.local_addr().expect("an address"));
        one.send_to(b"first", to).expect("sent");
        let mut buffer = [0; 16];
        assert_eq!(other.recv(&mut buffer).expect("received"), 5);
        drop((one, other));
        let trace = tracer.stop();
        let packets = trace.between(from, to);
        assert_eq!(packets.len(), 2, "{packets:#?}\n{trace:?}");
        packets.iter().for_each(|packet| expect_us(&packet["owner"]));
        let header = if loopback.is_ipv4() { 28 } else { 48 };
        assert!(packets.iter().all(|packet| packet["size"] == header + 5), "{packets:#?}");
    }
}

/// A thread may have a user of its own, which is not that of its process, and has an id of its own.
#[test]
fn kernel_owners_are_threads_with_their_user() {
    if !kernel_permits() {
        return;
    }
    const USER: u32 = 1234;
    const GROUP: u32 = 5678;
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let to = receiver.local_addr().expect("an address");
    let tracer = start(&["--port", &to.port().to_string()]);
    let send = move || {
        set_thread_gid(Gid::from_raw(GROUP)).and_then(|()| set_thread_uid(Uid::from_raw(USER))).expect("we are root");
        let bound = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        bound.send_to(b"bound", to).expect("sent");
        // This one gets its port, and its owner, while its first packet is on its way.
        let unbound = socket(AddressFamily::INET, SocketType::DGRAM, None).expect("a socket");
        sendto(&unbound, b"unbound", SendFlags::empty(), &to).expect("sent");
        gettid().as_raw_nonzero().get()
    };
    let tid = thread::spawn(send).join().expect("it ended well");
    let trace = tracer.stop();
    let sent: Vec<Value> = trace.events().into_iter().filter(|event| event["direction"] == "sent").collect();
    assert_eq!(sent.len(), 2, "{trace:?}");
    for packet in sent {
        let owner = &packet["owner"];
        assert_eq!((&owner["uid"], &owner["gid"]), (&USER.into(), &GROUP.into()), "{packet}");
        assert_eq!((&owner["pid"], &owner["tid"]), (&id().into(), &tid.into()), "{packet}");
    }
}

/// The port is known only once the packet is on its way.
#[test]
fn kernel_owners_of_a_socket_that_was_never_bound() {
    if !kernel_permits() {
        return;
    }
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let to = receiver.local_addr().expect("an address");
    let tracer = start(&["--port", &to.port().to_string()]);
    let script = format!("echo -n first >/dev/udp/{}/{}", to.ip(), to.port());
    assert!(Command::new("/bin/bash").args(["-c", &script]).status().expect("bash runs").success());
    let mut buffer = [0; 16];
    receiver.recv(&mut buffer).expect("received");
    let trace = tracer.stop();
    let sent: Vec<_> = trace.events().into_iter().filter(|packet| packet["direction"] == "sent").collect();
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert_eq!(sent[0]["owner"]["comm"], "bash");
    // Ours was there before the tool was, and nothing about it is invented.
    assert!(trace.events().iter().filter(|packet| packet["direction"] == "received").all(|p| p["owner"].is_null()));
}

/// An IPv6 socket that also takes IPv4 packets is found by them, and one that does not is not.
#[test]
fn kernel_owners_of_both_families() {
    if !kernel_permits() {
        return;
    }
    let tracer = start(&[]);
    let both = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).expect("a port");
    let port = both.local_addr().expect("an address").port();
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let from = sender.local_addr().expect("an address");
    sender.send_to(b"four", (Ipv4Addr::LOCALHOST, port)).expect("sent");
    let mut buffer = [0; 16];
    both.recv(&mut buffer).expect("received");
    let trace = tracer.stop();
    let packets = trace.between(from, (Ipv4Addr::LOCALHOST, port).into());
    assert_eq!(packets.len(), 2, "{packets:#?}");
    packets.iter().for_each(|packet| expect_us(&packet["owner"]));
}

/// Of a path that is too long, the end is told, and that something is missing.
#[test]
fn kernel_owners_in_a_folder_too_deep_for_its_path() {
    if !kernel_permits() {
        return;
    }
    let parent = tempdir().expect("a folder");
    let folder = (0..10).fold(parent.path().to_owned(), |folder, _| folder.join("d".repeat(60)));
    fs::create_dir_all(&folder).expect("writable");
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = receiver.local_addr().expect("an address").port();
    let tracer = start(&["--port", &port.to_string()]);
    let script = format!("echo -n deep >/dev/udp/127.0.0.1/{port}");
    let status = Command::new("/bin/bash").args(["-c", &script]).current_dir(&folder).status().expect("bash runs");
    assert!(status.success());
    let trace = tracer.stop();
    let sent: Vec<_> = trace.events().into_iter().filter(|packet| packet["direction"] == "sent").collect();
    assert_eq!(sent.len(), 1, "{trace:?}");
    let (whole, told) = (folder.to_str().expect("text"), sent[0]["owner"]["cwd"].as_str().expect("a path"));
    if profile() == Some("before") {
        assert_eq!((told, &sent[0]["truncated"]), (whole, &Value::Array(Vec::new())));
    } else {
        assert!(whole.ends_with(told) && told.len() == 510, "{} of {}: {told}", told.len(), whole.len());
        assert_eq!(sent[0]["truncated"], serde_json::json!(["cwd"]));
    }
}
