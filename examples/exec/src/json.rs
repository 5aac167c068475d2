//! An event as one line of JSON.

use std::{borrow::Cow, collections::BTreeMap};

use bpf_layout::libbpf::BootClock;
use serde::Serialize;
use tool::{Notes, clock};

use crate::event::Call;

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
pub(crate) fn line(call: &Call, clock: BootClock) -> serde_json::Result<String> {
    let mut notes = Notes::default();
    notes.bytes("args", &call.args);
    let info = &call.info;
    let line = Line {
        time: clock::rfc3339(clock, info.timestamp),
        timestamp: info.timestamp.as_nanos(),
        mntns: info.mntns,
        pid: info.pid,
        tid: info.tid,
        ppid: info.ppid,
        uid: info.uid,
        gid: info.gid,
        loginuid: call.login(),
        sessionid: call.session(),
        retval: info.retval,
        upper_layer: info.upper_layer.get(),
        comm: notes.text("comm", &info.comm),
        pcomm: notes.text("pcomm", &info.pcomm),
        cwd: call.cwd.as_ref().map(|s| notes.text("cwd", s)),
        exepath: call.exepath.as_ref().map(|s| notes.text("exepath", s)),
        file: call.file.as_ref().map(|s| notes.text("file", s)),
        args: call.arguments().map(String::from_utf8_lossy).collect(),
        args_count: info.args_count,
        args_size: info.args_size,
        args_cut: info.args_cut.get(),
        missing: info.missing.iter_names().map(|(name, _)| name.to_ascii_lowercase()).collect(),
        truncated: notes.truncated,
        raw: notes.raw,
    };
    serde_json::to_string(&line)
}

#[cfg(test)]
mod tests {
    use bpf_layout::{Layout, Shape, Str};

    use super::*;
    use crate::layouts::{ExecEventHeader, ExecInfo};

    fn parsed(call: &Call) -> serde_json::Value {
        let line = line(call, BootClock::now()).expect("an event is JSON");
        assert!(!line.contains('\n'), "{line}");
        serde_json::from_str(&line).expect("JSON can be read back")
    }

    fn fields<T: Layout>() -> Vec<&'static str> {
        let Shape::Record(info) = T::SHAPE else { panic!("not a record") };
        info.fields().map(|field| field.name).filter(|name| !name.starts_with("_pad")).collect()
    }

    #[test]
    fn every_field_of_the_event_is_there() {
        let some = Some(bpf_layout::convert::Text::default());
        let json = parsed(&Call { cwd: some.clone(), exepath: some.clone(), file: some, ..Call::default() });
        let fields = [fields::<ExecInfo>(), fields::<ExecEventHeader>()].concat();
        assert!(fields.contains(&"args") && fields.contains(&"pid"), "{fields:?}");
        for field in fields.into_iter().filter(|field| *field != "info") {
            assert!(json.get(field).is_some(), "`{field}` is missing: {json}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_kept() {
        let info = ExecInfo { comm: Str::from_bytes(b"x\xfe"), ..ExecInfo::default() };
        let json = parsed(&Call { info, args: b"a\xff\0\n".to_vec(), ..Call::default() });
        assert_eq!(json["args"], serde_json::json!(["a\u{fffd}", "\n"]));
        assert_eq!(json["raw"], serde_json::json!({ "args": "61ff000a", "comm": "78fe" }));
    }

    #[test]
    fn truncated_fields_are_named() {
        let info = ExecInfo { pcomm: Str::from_bytes(&[b'x'; 100]), ..ExecInfo::default() };
        let json = parsed(&Call { info, ..Call::default() });
        assert_eq!(json["truncated"], serde_json::json!(["pcomm"]));
        assert!(json.get("raw").is_none());
    }
}
