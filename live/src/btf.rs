//! BTF that is loaded.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use crate::{
    error::Error,
    sys::{self, Command},
};

/// More than the kernel loads: `BTF_MAX_SIZE` of `kernel/bpf/btf.c` is 16 MiB. What it has of its own is smaller, too.
const LARGEST: usize = 64 << 20;

/// BTF that the kernel holds.
#[derive(Debug)]
pub struct LoadedBtf {
    fd: OwnedFd,
    /// How it is called in errors.
    name: String,
}

impl LoadedBtf {
    /// Opens the BTF with this id.
    ///
    /// # Errors
    /// If there is none, or without `CAP_SYS_ADMIN`.
    pub fn from_id(id: u32) -> Result<Self, Error> {
        let name = format!("BTF id {id}");
        match sys::fd_by_id(Command::BtfGetFdById, id, 0) {
            Ok(fd) => Ok(LoadedBtf { fd, name }),
            Err(error) => Err(Error::call(Command::BtfGetFdById, name, error)),
        }
    }

    /// Loads BTF, such as the section `.BTF` of an object.
    ///
    /// # Errors
    /// If the kernel does not take it, or without `CAP_BPF`.
    pub fn load(bytes: &[u8]) -> Result<Self, Error> {
        let name = format!("{} bytes of BTF", bytes.len());
        match sys::btf_load(bytes) {
            Ok(fd) => Ok(LoadedBtf { fd, name }),
            Err(error) => Err(Error::call(Command::BtfLoad, name, error)),
        }
    }

    /// Its bytes, as `bpf_layout_btf::Btf::parse` reads them.
    ///
    /// # Errors
    /// If the kernel does not give them.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let error = |error| Error::call(Command::ObjGetInfoByFd, self.name.clone(), error);
        let size = sys::btf_info(self.fd(), &mut []).map_err(error)?;
        if size > LARGEST {
            return Err(error(std::io::Error::other(format!("it claims to have {size} bytes"))));
        }
        let mut bytes = vec![0; size];
        sys::btf_info(self.fd(), &mut bytes).map_err(error)?;
        Ok(bytes)
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
