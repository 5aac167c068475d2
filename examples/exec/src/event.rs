//! What an event says, as this program keeps it.

use bpf_layout::{FromLayout, StrsRef, convert::Text};

use crate::layouts::{ExecEvent, ExecInfo};

/// The audit subsystem's "never set".
const AUDIT_UNSET: u32 = u32::MAX;

/// A call that has returned. A copy of as many bytes as there are, as what prints events is not to be bound to the life of
/// a record.
#[derive(Clone, Debug, Default, FromLayout)]
#[from_layout(ExecEvent<'_>)]
pub(crate) struct Call {
    /// Who called, and what came of it.
    pub(crate) info: ExecInfo,
    /// Working directory.
    #[from_layout(accessor)]
    pub(crate) cwd: Option<Text<Vec<u8>>>,
    /// The executable that runs now.
    #[from_layout(accessor)]
    pub(crate) exepath: Option<Text<Vec<u8>>>,
    /// The path that execve was called with.
    #[from_layout(accessor)]
    pub(crate) file: Option<Text<Vec<u8>>>,
    /// The arguments, each with its NUL.
    #[from_layout(accessor)]
    pub(crate) args: Vec<u8>,
}

impl Call {
    /// The arguments, without their NULs.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &[u8]> {
        StrsRef::new(&self.args, self.info.args_cut.get()).iter().map(|arg| arg.as_bytes())
    }

    /// The user who logged in, if anybody did.
    pub(crate) fn login(&self) -> Option<u32> {
        (self.info.loginuid != AUDIT_UNSET).then_some(self.info.loginuid)
    }

    /// The audit session, if there is one.
    pub(crate) fn session(&self) -> Option<u32> {
        (self.info.sessionid != AUDIT_UNSET).then_some(self.info.sessionid)
    }
}

#[cfg(test)]
mod tests {
    use bpf_layout::{Recorder, Str};

    use super::*;
    use crate::layouts::ExecEventHeader;

    #[test]
    fn a_call_is_what_its_record_says() {
        let mut record = Recorder::<ExecEventHeader>::new();
        record.header.info = ExecInfo { pid: 7, comm: Str::from_bytes(b"sh"), ..ExecInfo::default() };
        record.header.args = record.bytes(b"ls\0\0-l\0").into();
        let record = record.record();
        let call = Call::from_layout(&ExecEvent::parse(&record).expect("an event")).expect("it fits");
        assert_eq!((call.info.pid, call.info.comm.as_bytes()), (7, &b"sh"[..]));
        assert_eq!(call.arguments().collect::<Vec<_>>(), [b"ls" as &[u8], b"", b"-l"]);
        assert!(call.file.is_none_or(|file| file.value.is_empty()));
    }

    #[test]
    fn no_arguments_are_not_one_empty_argument() {
        let count = |args: &[u8]| Call { args: args.to_vec(), ..Call::default() }.arguments().count();
        assert_eq!((count(b""), count(b"\0")), (0, 1));
    }

    #[test]
    fn nobody_logged_in_is_none() {
        let info = ExecInfo { loginuid: u32::MAX, sessionid: 7, ..ExecInfo::default() };
        let call = Call { info, ..Call::default() };
        assert_eq!((call.login(), call.session()), (None, Some(7)));
    }
}
