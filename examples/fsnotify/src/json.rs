//! An event as one line of JSON.

use std::{borrow::Cow, collections::BTreeMap};

use bpf_layout::{Ktime, convert::Text, libbpf::BootClock};
use serde::Serialize;
use tool::{Notes, clock};

use crate::{
    event::Event,
    layouts::{FileActor, FileRequest},
    path::Path,
};

/// The audit subsystem's "never set".
const AUDIT_UNSET: u32 = u32::MAX;

/// All that an event says; names are those of `layouts.toml` where it has them.
#[derive(Debug, Serialize)]
struct Line<'a> {
    /// RFC 3339, UTC.
    time: String,
    #[serde(flatten)]
    request: Request,
    retval: i32,
    #[serde(flatten)]
    path: OnePath<'a>,
    #[serde(flatten)]
    to: Option<SecondPath<'a>>,
    #[serde(flatten)]
    opened: Option<Opened>,
    #[serde(flatten)]
    actor: Actor<'a>,
    /// What could not be told.
    missing: Vec<String>,
    /// Fields whose text was too long.
    truncated: Vec<&'static str>,
    /// Fields that are not UTF-8, in hexadecimal.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    raw: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
struct Request {
    /// Nanoseconds since boot.
    timestamp: u64,
    op: Cow<'static, str>,
    flags: u32,
    mode: u32,
    umask: u32,
    resolve: u64,
    mask: u64,
    dirfd: i32,
    group: i32,
}

#[derive(Debug, Serialize)]
struct OnePath<'a> {
    /// As given; `null` if it could not be read.
    path: Option<Cow<'a, str>>,
    /// The directory where it begins, or the file itself if `exact`; `null` if neither is known.
    place: Option<Cow<'a, str>>,
    exact: bool,
    /// Both together.
    file: String,
}

/// Likewise.
#[derive(Debug, Serialize)]
struct SecondPath<'a> {
    to: Option<Cow<'a, str>>,
    to_place: Option<Cow<'a, str>>,
    to_file: String,
    to_dirfd: i32,
}

/// The file that was opened.
#[derive(Debug, Serialize)]
struct Opened {
    created: bool,
    inode: u64,
    device: u32,
}

#[derive(Debug, Serialize)]
struct Actor<'a> {
    pid: u32,
    tid: u32,
    ppid: u32,
    uid: u32,
    gid: u32,
    fsuid: u32,
    fsgid: u32,
    /// `null` if never set.
    loginuid: Option<u32>,
    /// `null` if never set.
    sessionid: Option<u32>,
    comm: Cow<'a, str>,
    pcomm: Cow<'a, str>,
    mntns: u64,
    cgroup: u64,
    /// Nanoseconds since boot.
    started: u64,
    capabilities: u64,
    exe_inode: u64,
    exe_device: u32,
}

/// The event as JSON, without a line break at its end.
pub(crate) fn line(event: &Event, clock: BootClock) -> serde_json::Result<String> {
    let mut notes = Notes::default();
    let request = event.request();
    let line = Line {
        time: clock::rfc3339(clock, request.timestamp),
        request: request_of(request),
        retval: event.retval(),
        path: path(&event.path(), &mut notes),
        to: second_path(event, &mut notes),
        opened: event.opened().map(|opened| Opened {
            created: opened.created,
            inode: opened.inode,
            device: opened.device,
        }),
        actor: actor(event.actor(), &mut notes),
        missing: request.missing.iter_names().map(|(name, _)| name.to_ascii_lowercase()).collect(),
        truncated: notes.truncated,
        raw: notes.raw,
    };
    serde_json::to_string(&line)
}

fn request_of(request: &FileRequest) -> Request {
    let op = request.op;
    Request {
        timestamp: request.timestamp.as_nanos(),
        op: op.name().map_or_else(|| op.0.to_string().into(), Cow::Borrowed),
        flags: request.flags,
        mode: request.mode,
        umask: request.umask,
        resolve: request.resolve,
        mask: request.mask,
        dirfd: request.dirfd,
        group: request.group,
    }
}

/// Text that may not be known.
fn text<'a>(notes: &mut Notes, field: &'static str, text: Option<&'a Text<Vec<u8>>>) -> Option<Cow<'a, str>> {
    text.map(|text| notes.text(field, text))
}

fn path<'a>(path: &Path<'a>, notes: &mut Notes) -> OnePath<'a> {
    OnePath {
        path: text(notes, "path", path.given),
        place: text(notes, "place", path.place),
        exact: path.exact,
        file: String::from_utf8_lossy(&path.whole()).into_owned(),
    }
}

fn second_path<'a>(event: &'a Event, notes: &mut Notes) -> Option<SecondPath<'a>> {
    let Event::Pair(pair) = event else { return None };
    let path = event.to()?;
    Some(SecondPath {
        to: text(notes, "to", path.given),
        to_place: text(notes, "to_place", path.place),
        to_file: String::from_utf8_lossy(&path.whole()).into_owned(),
        to_dirfd: pair.to_dirfd,
    })
}

fn actor<'a>(actor: &'a FileActor, notes: &mut Notes) -> Actor<'a> {
    let set = |id| (id != AUDIT_UNSET).then_some(id);
    Actor {
        pid: actor.pid,
        tid: actor.tid,
        ppid: actor.ppid,
        uid: actor.uid,
        gid: actor.gid,
        fsuid: actor.fsuid,
        fsgid: actor.fsgid,
        loginuid: set(actor.loginuid),
        sessionid: set(actor.sessionid),
        comm: notes.text("comm", &actor.comm),
        pcomm: notes.text("pcomm", &actor.pcomm),
        mntns: actor.mntns,
        cgroup: actor.cgroup,
        started: Ktime::as_nanos(actor.started),
        capabilities: actor.capabilities,
        exe_inode: actor.exe_inode,
        exe_device: actor.exe_device,
    }
}

#[cfg(test)]
mod tests {
    use bpf_layout::{Layout, Shape};

    use super::*;
    use crate::{
        event::{Call, Pair},
        layouts::{FileCallEventHeader, FileMissing, FileOp, FilePairEventHeader},
    };

    fn parsed(event: &Event) -> serde_json::Value {
        let line = line(event, BootClock::now()).expect("an event is JSON");
        assert!(!line.contains('\n'), "{line}");
        serde_json::from_str(&line).expect("JSON can be read back")
    }

    fn fields<T: Layout>() -> Vec<&'static str> {
        let Shape::Record(info) = T::SHAPE else { panic!("not a record") };
        info.fields().map(|field| field.name).filter(|name| !name.starts_with("_pad")).collect()
    }

    #[test]
    fn every_field_of_the_events_is_there() {
        let mut call = Call { exact: true, ..Call::default() };
        call.request.op = FileOp::OPEN;
        let call = parsed(&Event::Call(Box::new(call)));
        let pair = parsed(&Event::Pair(Box::default()));
        let nested = ["kind", "actor", "request"];
        let who: Vec<_> = [fields::<FileActor>(), fields::<FileRequest>()].concat();
        for (json, own) in [(&call, fields::<FileCallEventHeader>()), (&pair, fields::<FilePairEventHeader>())] {
            assert!(own.contains(&"place"), "{own:?}");
            for field in own.iter().chain(&who).filter(|field| !nested.contains(field)) {
                assert!(json.get(field).is_some(), "`{field}` is missing: {json}");
            }
        }
    }

    #[test]
    fn what_is_not_known_is_null() {
        let path = Text { value: b"a\xff".to_vec(), is_truncated: false };
        let mut pair = Pair { path, ..Pair::default() };
        pair.request.missing = FileMissing::PLACE | FileMissing::TO;
        let json = parsed(&Event::Pair(Box::new(pair)));
        assert_eq!((&json["place"], &json["to"]), (&serde_json::Value::Null, &serde_json::Value::Null));
        assert_eq!((&json["file"], &json["raw"]["path"]), (&"a\u{fffd}".into(), &"61ff".into()));
        assert_eq!(json["missing"], serde_json::json!(["place", "to"]));
    }
}
