//! Both kinds of events as one.

use bpf_layout::{FromLayout, FromLayoutError, convert::Text};

use crate::{
    layouts::{FileActor, FileCallEvent, FileMissing, FileOp, FilePairEvent, FileRequest, maps::FsnotifyEventsRecord},
    path::Path,
};

/// A call that has returned. A copy of as many bytes as there are, as what prints events is not to be bound to the life of
/// a record.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// With one path.
    Call(Box<Call>),
    /// With two.
    Pair(Box<Pair>),
}

/// A call with one path.
#[derive(Clone, Debug, Default, FromLayout)]
#[from_layout(FileCallEvent<'_>)]
pub(crate) struct Call {
    /// Whether `place` is the file itself.
    pub(crate) exact: bool,
    /// Whether the file did not exist before.
    pub(crate) created: bool,
    pub(crate) retval: i32,
    pub(crate) inode: u64,
    pub(crate) device: u32,
    pub(crate) actor: FileActor,
    pub(crate) request: FileRequest,
    #[from_layout(accessor)]
    pub(crate) path: Text<Vec<u8>>,
    #[from_layout(accessor)]
    pub(crate) place: Text<Vec<u8>>,
}

/// A call with two paths.
#[derive(Clone, Debug, Default, FromLayout)]
#[from_layout(FilePairEvent<'_>)]
pub(crate) struct Pair {
    pub(crate) retval: i32,
    pub(crate) to_dirfd: i32,
    pub(crate) actor: FileActor,
    pub(crate) request: FileRequest,
    #[from_layout(accessor)]
    pub(crate) path: Text<Vec<u8>>,
    #[from_layout(accessor)]
    pub(crate) place: Text<Vec<u8>>,
    #[from_layout(accessor)]
    pub(crate) to: Text<Vec<u8>>,
    #[from_layout(accessor)]
    pub(crate) to_place: Text<Vec<u8>>,
}

impl TryFrom<FsnotifyEventsRecord<'_>> for Event {
    type Error = FromLayoutError;

    fn try_from(record: FsnotifyEventsRecord<'_>) -> Result<Self, FromLayoutError> {
        Ok(match record {
            FsnotifyEventsRecord::FileCall(event) => Event::Call(Box::new(Call::from_layout(&event)?)),
            FsnotifyEventsRecord::FilePair(event) => Event::Pair(Box::new(Pair::from_layout(&event)?)),
        })
    }
}

impl Event {
    /// Who called.
    pub(crate) fn actor(&self) -> &FileActor {
        match self {
            Event::Call(event) => &event.actor,
            Event::Pair(event) => &event.actor,
        }
    }

    /// What was asked for.
    pub(crate) fn request(&self) -> &FileRequest {
        match self {
            Event::Call(event) => &event.request,
            Event::Pair(event) => &event.request,
        }
    }

    /// What the call returned.
    pub(crate) fn retval(&self) -> i32 {
        match self {
            Event::Call(event) => event.retval,
            Event::Pair(event) => event.retval,
        }
    }

    /// The file that was opened, where one was.
    pub(crate) fn opened(&self) -> Option<&Call> {
        match self {
            Event::Call(event) if event.exact && event.request.op == FileOp::OPEN => Some(event),
            _ => None,
        }
    }

    /// Whether the file did not exist before.
    pub(crate) fn created(&self) -> bool {
        self.opened().is_some_and(|event| event.created)
    }

    /// The path, the first if there are two.
    pub(crate) fn path(&self) -> Path<'_> {
        match self {
            Event::Call(event) => Path {
                given: self.known(FileMissing::PATH, &event.path),
                place: self.known(FileMissing::PLACE, &event.place),
                exact: event.exact,
            },
            Event::Pair(event) => Path {
                given: self.known(FileMissing::PATH, &event.path),
                place: self.known(FileMissing::PLACE, &event.place),
                exact: false,
            },
        }
    }

    /// The second path.
    pub(crate) fn to(&self) -> Option<Path<'_>> {
        let Event::Pair(event) = self else { return None };
        Some(Path {
            given: self.known(FileMissing::TO, &event.to),
            place: self.known(FileMissing::TO_PLACE, &event.to_place),
            exact: false,
        })
    }

    /// The text, unless it is marked as missing.
    fn known<'a>(&self, missing: FileMissing, text: &'a Text<Vec<u8>>) -> Option<&'a Text<Vec<u8>>> {
        (!self.request().missing.contains(missing)).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_none() {
        let mut pair = Pair::default();
        pair.request.missing = FileMissing::TO | FileMissing::PLACE;
        let event = Event::Pair(Box::new(pair));
        let to = event.to().expect("a second path");
        assert!(event.path().given.is_some() && event.path().place.is_none());
        assert!(to.given.is_none() && to.place.is_some());
    }

    #[test]
    fn only_an_open_file_was_created() {
        let mut call = Call { created: true, ..Call::default() };
        call.request.op = FileOp::OPEN;
        let created = |call: &Call| Event::Call(Box::new(call.clone())).created();
        assert!(!created(&call));
        call.exact = true;
        assert!(created(&call));
        call.request.op = FileOp::FANOTIFY;
        assert!(!created(&call));
    }
}
