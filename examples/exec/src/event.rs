//! What an event says, beyond its fields.

use crate::layouts::ExecEvent;

/// The audit subsystem's "never set".
const AUDIT_UNSET: u32 = u32::MAX;

/// Reading an [`ExecEvent`] as people mean it.
pub(crate) trait Exec {
    /// The bytes of `args` in use: each argument with its NUL.
    fn args_bytes(&self) -> &[u8];
    /// The arguments, without their NULs.
    fn arguments(&self) -> impl Iterator<Item = &[u8]>;
    /// The user who logged in, if anybody did.
    fn login(&self) -> Option<u32>;
    /// The audit session, if there is one.
    fn session(&self) -> Option<u32>;
}

impl Exec for ExecEvent {
    fn args_bytes(&self) -> &[u8] {
        let size = usize::try_from(self.args_size).unwrap_or(usize::MAX);
        &self.args[..size.min(self.args.len())]
    }

    fn arguments(&self) -> impl Iterator<Item = &[u8]> {
        self.args_bytes().split_inclusive(|byte| *byte == 0).map(|arg| arg.strip_suffix(b"\0").unwrap_or(arg))
    }

    fn login(&self) -> Option<u32> {
        (self.loginuid != AUDIT_UNSET).then_some(self.loginuid)
    }

    fn session(&self) -> Option<u32> {
        (self.sessionid != AUDIT_UNSET).then_some(self.sessionid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(args: &[u8]) -> ExecEvent {
        let mut event = ExecEvent::default();
        event.args[..args.len()].copy_from_slice(args);
        event.args_size = args.len().try_into().expect("a short list");
        event
    }

    #[test]
    fn arguments_end_at_their_nuls() {
        let event = event(b"ls\0\0-l\0");
        let args: Vec<_> = event.arguments().collect();
        assert_eq!(args, [b"ls" as &[u8], b"", b"-l"]);
    }

    #[test]
    fn no_arguments_are_not_one_empty_argument() {
        assert_eq!(event(b"").arguments().count(), 0);
        assert_eq!(event(b"\0").arguments().count(), 1);
    }

    #[test]
    fn a_size_beyond_the_field_reads_the_field() {
        let mut event = event(b"ls\0");
        event.args_size = u32::MAX;
        assert_eq!(event.args_bytes().len(), event.args.len());
    }

    #[test]
    fn nobody_logged_in_is_none() {
        let mut event = event(b"");
        event.loginuid = u32::MAX;
        event.sessionid = 7;
        assert_eq!((event.login(), event.session()), (None, Some(7)));
    }
}
