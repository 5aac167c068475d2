//! An event as one line of JSON.

use std::{borrow::Cow, collections::BTreeMap, net::SocketAddr};

use bpf_layout::libbpf::BootClock;
use serde::Serialize;
use tool::{Notes, clock};

use crate::{layouts::Direction, packet::Packet, table::proto};

/// All that an event says.
#[derive(Debug, Serialize)]
struct Line<'a> {
    /// RFC 3339, UTC.
    time: String,
    /// Nanoseconds since boot.
    timestamp: u64,
    netns: u32,
    /// Bytes from the IP header on.
    size: u32,
    proto: &'static str,
    direction: &'static str,
    source: SocketAddr,
    destination: SocketAddr,
    /// `null` if the socket is not known.
    owner: Option<Owner<'a>>,
    /// Fields whose text was too long.
    truncated: Vec<&'static str>,
    /// Fields that are not UTF-8, in hexadecimal.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    raw: BTreeMap<&'static str, String>,
}

/// Who opened the socket.
#[derive(Debug, Serialize)]
struct Owner<'a> {
    mntns: u64,
    pid: u32,
    tid: u32,
    ppid: u32,
    uid: u32,
    gid: u32,
    comm: Cow<'a, str>,
    pcomm: Cow<'a, str>,
    /// `null` if it is not known.
    cwd: Option<Cow<'a, str>>,
    /// Likewise.
    exepath: Option<Cow<'a, str>>,
}

/// The event as JSON, without a line break at its end.
pub(crate) fn line(event: &Packet, clock: BootClock) -> serde_json::Result<String> {
    let mut notes = Notes::default();
    let owner = event.named.get().then(|| owner(event, &mut notes));
    let line = Line {
        time: clock::rfc3339(clock, event.timestamp),
        timestamp: event.timestamp.as_nanos(),
        netns: event.netns,
        size: event.size,
        proto: proto(event.proto),
        direction: if event.direction == Direction::SENT { "sent" } else { "received" },
        source: event.source(),
        destination: event.destination(),
        owner,
        truncated: notes.truncated,
        raw: notes.raw,
    };
    serde_json::to_string(&line)
}

fn owner<'a>(event: &'a Packet, notes: &mut Notes) -> Owner<'a> {
    Owner {
        mntns: event.mntns,
        pid: event.pid(),
        tid: event.tid(),
        ppid: event.ppid,
        uid: event.uid(),
        gid: event.gid(),
        comm: notes.text("comm", &event.task),
        pcomm: notes.text("pcomm", &event.ptask),
        cwd: event.cwd.as_ref().map(|path| notes.text("cwd", path)),
        exepath: event.exepath.as_ref().map(|path| notes.text("exepath", path)),
    }
}

#[cfg(test)]
mod tests {
    use bpf_layout::convert::Text;

    use super::*;

    #[test]
    fn the_owner_is_null_if_nobody_knows_it() {
        let parsed = |event: &Packet| -> serde_json::Value {
            serde_json::from_str(&line(event, BootClock::now()).expect("JSON")).expect("it can be read back")
        };
        let exepath = Text { value: b"/bin/nc".to_vec(), is_truncated: true };
        let mut event = Packet { exepath: Some(exepath), ..Packet::default() };
        assert_eq!(parsed(&event)["owner"], serde_json::Value::Null);
        event.header.named = true.into();
        let line = parsed(&event);
        assert_eq!((&line["owner"]["exepath"], &line["truncated"]), (&"/bin/nc".into(), &["exepath"][..].into()));
        assert_eq!(line["owner"]["cwd"], serde_json::Value::Null);
    }
}
