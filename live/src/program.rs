//! Programs that are loaded.

use std::os::fd::{AsFd as _, OwnedFd};

use crate::{
    error::Error,
    map::text,
    sys::{self, Command},
};

/// More maps than a program can have: `MAX_USED_MAPS` of `include/linux/bpf_verifier.h` is 64.
const MOST_MAPS: usize = 1 << 16;

/// How often a program is asked for its maps: it can get more of them, but hardly between two calls.
const ATTEMPTS: usize = 4;

/// A loaded program.
#[derive(Debug)]
pub struct Program {
    fd: OwnedFd,
    id: u32,
}

/// What the kernel says of a program: a part of `struct bpf_prog_info` of `include/uapi/linux/bpf.h`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgramInfo {
    /// A number of `enum bpf_prog_type`.
    pub kind: u32,
    /// Its id.
    pub id: u32,
    /// At most 15 bytes: libbpf cuts what is longer.
    pub name: String,
    /// The user that loaded it.
    pub created_by_uid: u32,
    /// The BTF that its functions are in, and what they use of its object's types; 0 if it has none.
    pub btf_id: u32,
    /// The maps that it uses, in no order.
    pub map_ids: Vec<u32>,
}

impl Program {
    /// Opens the program with this id.
    ///
    /// # Errors
    /// If there is none, or without `CAP_SYS_ADMIN`.
    pub fn from_id(id: u32) -> Result<Self, Error> {
        match sys::fd_by_id(Command::ProgGetFdById, id, 0) {
            Ok(fd) => Ok(Program { fd, id }),
            Err(error) => Err(Error::call(Command::ProgGetFdById, format!("program id {id}"), error)),
        }
    }

    /// What the kernel says of it.
    ///
    /// # Errors
    /// If it does not say.
    pub fn info(&self) -> Result<ProgramInfo, Error> {
        // Most programs have fewer maps, and need but one call.
        let mut map_ids = vec![0; 16];
        for _ in 0..ATTEMPTS {
            let info = sys::program_info(self.fd.as_fd(), &mut map_ids);
            let info =
                info.map_err(|error| Error::call(Command::ObjGetInfoByFd, format!("program id {}", self.id), error))?;
            let used = info.nr_map_ids as usize;
            let had_room = used <= map_ids.len();
            if used > MOST_MAPS {
                break;
            }
            map_ids.resize(used, 0);
            if had_room {
                return Ok(ProgramInfo::new(&info, map_ids));
            }
        }
        let reason = std::io::Error::other("it claims to have more maps than a program can have");
        Err(Error::call(Command::ObjGetInfoByFd, format!("program id {}", self.id), reason))
    }
}

impl ProgramInfo {
    fn new(raw: &sys::ProgramInfo, map_ids: Vec<u32>) -> Self {
        ProgramInfo {
            kind: raw.kind,
            id: raw.id,
            name: text(&raw.name),
            created_by_uid: raw.created_by_uid,
            btf_id: raw.btf_id,
            map_ids,
        }
    }
}
