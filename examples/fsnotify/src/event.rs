//! Both kinds of events as one.

use bpf_layout::Str;

use crate::{
    layouts::{
        FileActor, FileCallEvent, FileMissing, FileOp, FilePairEvent, FileRequest, PATH_LEN, maps::FsnotifyEventsRecord,
    },
    path::Path,
};

/// A call that has returned. A copy, as what prints events is not to be bound to the life of a record.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// With one path.
    Call(Box<FileCallEvent>),
    /// With two.
    Pair(Box<FilePairEvent>),
}

impl From<FsnotifyEventsRecord<'_>> for Event {
    fn from(record: FsnotifyEventsRecord<'_>) -> Self {
        match record {
            FsnotifyEventsRecord::FileCall(event) => Event::Call(Box::new(*event)),
            FsnotifyEventsRecord::FilePair(event) => Event::Pair(Box::new(*event)),
        }
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
    pub(crate) fn opened(&self) -> Option<&FileCallEvent> {
        match self {
            Event::Call(event) if event.exact.get() && event.request.op == FileOp::OPEN => Some(event),
            _ => None,
        }
    }

    /// Whether the file did not exist before.
    pub(crate) fn created(&self) -> bool {
        self.opened().is_some_and(|event| event.created.get())
    }

    /// The path, the first if there are two.
    pub(crate) fn path(&self) -> Path<'_> {
        match self {
            Event::Call(event) => Path {
                given: self.known(FileMissing::PATH, &event.path),
                place: self.known(FileMissing::PLACE, &event.place),
                exact: event.exact.get(),
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
    fn known<'a>(&self, missing: FileMissing, text: &'a Str<PATH_LEN>) -> Option<&'a Str<PATH_LEN>> {
        (!self.request().missing.contains(missing)).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_none() {
        let mut pair = FilePairEvent::default();
        pair.request.missing = FileMissing::TO | FileMissing::PLACE;
        let event = Event::Pair(Box::new(pair));
        let to = event.to().expect("a second path");
        assert!(event.path().given.is_some() && event.path().place.is_none());
        assert!(to.given.is_none() && to.place.is_some());
    }

    #[test]
    fn only_an_open_file_was_created() {
        let mut call = FileCallEvent { created: true.into(), ..FileCallEvent::default() };
        call.request.op = FileOp::OPEN;
        let created = |call: &FileCallEvent| Event::Call(Box::new(*call)).created();
        assert!(!created(&call));
        call.exact = true.into();
        assert!(created(&call));
        call.request.op = FileOp::FANOTIFY;
        assert!(!created(&call));
    }
}
