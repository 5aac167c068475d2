//! What could not be done, and what would help.

use std::{fmt, io};

use crate::sys::Command;

/// A call of `bpf(2)`, or a file of the kernel's, that failed.
#[derive(Debug)]
pub struct Error {
    /// What was called or read: `BPF_MAP_GET_FD_BY_ID`, `/proc/self/mountinfo`.
    call: &'static str,
    /// On what: `map id 12`; empty if on nothing in particular.
    on: String,
    source: io::Error,
}

impl Error {
    pub(crate) fn new(call: &'static str, on: impl Into<String>, source: io::Error) -> Self {
        Error { call, on: on.into(), source }
    }

    pub(crate) fn call(command: Command, on: impl Into<String>, source: io::Error) -> Self {
        Error::new(command.name(), on, source)
    }

    /// Whether what was asked for does not exist, any more or at all.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// Whether it exists, and is not for us.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.source.kind() == io::ErrorKind::PermissionDenied
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self.source.raw_os_error()? {
            libc::EPERM | libc::EACCES => Some(
                "run it as root: the kernel shows maps, programs and BTF by their ids to CAP_SYS_ADMIN only, and pinned \
                 maps to those who may read their files",
            ),
            libc::ENOSYS => {
                Some("this kernel has no bpf(2), or a seccomp profile forbids it; containers need one that allows it")
            }
            libc::EINVAL => Some("the kernel may be older than what it was asked for"),
            libc::ENOENT if self.call == Command::ObjGet.name() => {
                Some("nothing is pinned there; pins are below /sys/fs/bpf, and go with the machine's next start")
            }
            libc::ENOENT if self.call == Command::MapGetFdById.name() => {
                Some("no map of this id is loaded; `bpftool map` lists those that are")
            }
            libc::EMFILE | libc::ENFILE => Some("too many files are open; raise the limit (`ulimit -n`)"),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.call)?;
        if !self.on.is_empty() {
            write!(f, " on {}", self.on)?;
        }
        write!(f, ": {}", self.source)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl Command {
    /// As `include/uapi/linux/bpf.h` names it.
    const fn name(self) -> &'static str {
        match self {
            Command::MapCreate => "BPF_MAP_CREATE",
            Command::MapLookupElem => "BPF_MAP_LOOKUP_ELEM",
            Command::MapUpdateElem => "BPF_MAP_UPDATE_ELEM",
            Command::MapDeleteElem => "BPF_MAP_DELETE_ELEM",
            Command::MapGetNextKey => "BPF_MAP_GET_NEXT_KEY",
            Command::ObjPin => "BPF_OBJ_PIN",
            Command::ObjGet => "BPF_OBJ_GET",
            Command::ProgGetNextId => "BPF_PROG_GET_NEXT_ID",
            Command::MapGetNextId => "BPF_MAP_GET_NEXT_ID",
            Command::ProgGetFdById => "BPF_PROG_GET_FD_BY_ID",
            Command::MapGetFdById => "BPF_MAP_GET_FD_BY_ID",
            Command::ObjGetInfoByFd => "BPF_OBJ_GET_INFO_BY_FD",
            Command::BtfLoad => "BPF_BTF_LOAD",
            Command::BtfGetFdById => "BPF_BTF_GET_FD_BY_ID",
            Command::MapFreeze => "BPF_MAP_FREEZE",
            Command::MapLookupBatch => "BPF_MAP_LOOKUP_BATCH",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_called_on_what_and_why() {
        let refused = Error::call(Command::MapGetFdById, "map id 7", io::Error::from_raw_os_error(libc::EPERM));
        assert_eq!(refused.to_string(), "BPF_MAP_GET_FD_BY_ID on map id 7: Operation not permitted (os error 1)");
        assert!(refused.is_refused() && !refused.is_gone());
        assert!(refused.help().is_some_and(|help| help.contains("CAP_SYS_ADMIN")));
        let missing = |command| Error::call(command, "x", io::Error::from_raw_os_error(libc::ENOENT)).help();
        assert!(missing(Command::ObjGet).is_some_and(|help| help.contains("pinned there")));
        assert!(missing(Command::MapGetFdById).is_some_and(|help| help.contains("no map of this id")));
        let gone = Error::new("/proc", "", io::Error::from_raw_os_error(libc::ENOENT));
        assert_eq!(gone.to_string(), "/proc: No such file or directory (os error 2)");
        assert!(gone.is_gone() && gone.help().is_none());
    }
}
