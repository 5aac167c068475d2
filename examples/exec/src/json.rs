//! An event as one line of JSON.

use std::{borrow::Cow, collections::BTreeMap};

use bpf_layout::libbpf::BootClock;
use serde::Serialize;
use tool::{Notes, clock};

use crate::{event::Exec, layouts::ExecEvent};

/// All that an event says; the names are those of `layouts.toml`.
#[derive(Debug, Serialize)]
struct Line<'a> {
    /// RFC 3339, UTC.
    time: String,
    /// Nanoseconds since boot.
    timestamp: u64,
    mntns: u64,
    pid: u32,
    tid: u32,
    ppid: u32,
    uid: u32,
    gid: u32,
    /// `null` if never set.
    loginuid: Option<u32>,
    /// `null` if never set.
    sessionid: Option<u32>,
    retval: i32,
    upper_layer: bool,
    comm: Cow<'a, str>,
    pcomm: Cow<'a, str>,
    /// Left out, like the next two, by a profile that omits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cwd: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exepath: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<Cow<'a, str>>,
    args: Vec<Cow<'a, str>>,
    args_count: u32,
    args_size: u32,
    args_cut: bool,
    /// What was not in memory when the call was entered, nor later.
    missing: Vec<String>,
    /// Fields whose text was too long.
    truncated: Vec<&'static str>,
    /// Fields that are not UTF-8, in hexadecimal; arguments with their NULs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    raw: BTreeMap<&'static str, String>,
}

/// The event as JSON, without a line break at its end.
pub(crate) fn line(event: &ExecEvent, clock: BootClock) -> serde_json::Result<String> {
    let mut notes = Notes::default();
    notes.bytes("args", event.args_bytes());
    let line = Line {
        time: clock::rfc3339(clock, event.timestamp),
        timestamp: event.timestamp.as_nanos(),
        mntns: event.mntns,
        pid: event.pid,
        tid: event.tid,
        ppid: event.ppid,
        uid: event.uid,
        gid: event.gid,
        loginuid: event.login(),
        sessionid: event.session(),
        retval: event.retval,
        upper_layer: event.upper_layer.get(),
        comm: notes.text("comm", &event.comm),
        pcomm: notes.text("pcomm", &event.pcomm),
        cwd: event.cwd().map(|s| notes.text("cwd", s)),
        exepath: event.exepath().map(|s| notes.text("exepath", s)),
        file: event.file().map(|s| notes.text("file", s)),
        args: event.arguments().map(String::from_utf8_lossy).collect(),
        args_count: event.args_count,
        args_size: event.args_size,
        args_cut: event.args_cut.get(),
        missing: event.missing.iter_names().map(|(name, _)| name.to_ascii_lowercase()).collect(),
        truncated: notes.truncated,
        raw: notes.raw,
    };
    serde_json::to_string(&line)
}

#[cfg(test)]
mod tests {
    use bpf_layout::{Layout, Shape, Str};

    use super::*;

    fn parsed(event: &ExecEvent) -> serde_json::Value {
        let line = line(event, BootClock::now()).expect("an event is JSON");
        assert!(!line.contains('\n'), "{line}");
        serde_json::from_str(&line).expect("JSON can be read back")
    }

    #[test]
    fn every_field_of_the_event_is_there() {
        let json = parsed(&ExecEvent::default());
        let Shape::Record(info) = ExecEvent::SHAPE else { panic!("an event is a record") };
        let fields: Vec<_> = info.fields().map(|field| field.name).filter(|name| !name.starts_with("_pad")).collect();
        assert!(fields.contains(&"args"), "{fields:?}");
        for field in fields {
            assert!(json.get(field).is_some(), "`{field}` is missing: {json}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_kept() {
        let mut event = ExecEvent::default();
        event.args[..4].copy_from_slice(b"a\xff\0\n");
        event.args_size = 4;
        event.comm = Str::from_bytes(b"x\xfe");
        let json = parsed(&event);
        assert_eq!(json["args"], serde_json::json!(["a\u{fffd}", "\n"]));
        assert_eq!(json["raw"], serde_json::json!({ "args": "61ff000a", "comm": "78fe" }));
    }

    #[test]
    fn truncated_fields_are_named() {
        let event = ExecEvent { pcomm: Str::from_bytes(&[b'x'; 100]), ..ExecEvent::default() };
        assert_eq!(parsed(&event)["truncated"], serde_json::json!(["pcomm"]));
        assert!(parsed(&event).get("raw").is_none());
    }
}
