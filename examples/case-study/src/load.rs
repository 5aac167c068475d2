//! What each tool is measured under: the same work each time, done by this process.

use std::{
    fs,
    io::{self, ErrorKind},
    net::{Ipv4Addr, UdpSocket},
    path::Path,
    process::Command,
};

use tempfile::tempdir;

/// Work that a tool sees as events.
pub(crate) struct Load {
    /// The tool that sees it.
    pub(crate) tool: &'static str,
    /// In a few words.
    pub(crate) what: &'static str,
    /// Does it.
    pub(crate) run: fn() -> io::Result<()>,
    /// The words behind the number of events in the tool's last line.
    pub(crate) counted_as: &'static str,
}

/// One for each tool.
pub(crate) const LOADS: [Load; 3] = [
    Load { tool: "exec", what: "500 times /bin/true", run: processes, counted_as: " calls started" },
    Load {
        tool: "fsnotify",
        what: "5,000 files created, renamed and removed, and as many that are not there opened",
        run: files,
        counted_as: " calls started",
    },
    Load {
        tool: "sockets",
        what: "10,000 datagrams over the loopback device, from 100 sockets",
        run: datagrams,
        counted_as: " packets, ",
    },
];

fn processes() -> io::Result<()> {
    (0..500).try_for_each(|_| Command::new("/bin/true").status().map(drop))
}

fn files() -> io::Result<()> {
    let folder = tempdir()?;
    (0..5000).try_for_each(|_| file(folder.path()))
}

fn file(folder: &Path) -> io::Result<()> {
    let [first, second] = ["first", "second"].map(|name| folder.join(name));
    fs::File::create(&first)?;
    fs::rename(&first, &second)?;
    fs::remove_file(&second)?;
    match fs::File::open(&second) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other.map(drop),
    }
}

fn datagrams() -> io::Result<()> {
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let to = receiver.local_addr()?;
    let mut buffer = [0; 16];
    for _ in 0..100 {
        let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        for _ in 0..100 {
            sender.send_to(b"a few bytes", to)?;
            receiver.recv(&mut buffer)?;
        }
    }
    Ok(())
}
