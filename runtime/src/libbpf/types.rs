//! The types of a live map's keys and values, as the kernel keeps them.

use std::{
    io,
    os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, OwnedFd},
    string::String,
    vec,
    vec::Vec,
};

use bpf_layout_btf::{Btf, Error as BtfError, TypeId};
use libbpf_rs::{MapCore, libbpf_sys};

use super::{error::Error, handle::Checked};
use crate::{
    layout::Layout,
    map::Map,
    skew::{Comparison, PlanError, compare},
};

/// What the kernel says of a map.
pub(super) struct LiveMap {
    pub(super) flags: u32,
    /// The BTF that key and value refer to; none if the map was made without.
    btf: Option<Vec<u8>>,
    /// Type and bytes.
    key: (TypeId, u32),
    value: (TypeId, u32),
}

impl LiveMap {
    /// Asks the kernel.
    pub(super) fn of<M: Map>(map: &dyn MapCore) -> Result<Self, Error> {
        let failed = |source| Error::Libbpf { map: M::NAME, operation: "ask for its types", source };
        let info = libbpf_rs::MapInfo::new(map.as_fd()).map_err(failed)?.info;
        let (key, value) = (TypeId(info.btf_key_type_id), TypeId(info.btf_value_type_id));
        let has_types = info.btf_id != 0 && (key, value) != (TypeId::VOID, TypeId::VOID);
        let btf = if has_types { Some(btf_by_id(info.btf_id).map_err(|source| failed(source.into()))?) } else { None };
        let (key, value) = ((key, info.key_size), (value, info.value_size));
        Ok(LiveMap { flags: info.map_flags, btf, key, value })
    }

    /// Compares key and value with those of the spec; `None` for what has no bytes, or no BTF.
    pub(super) fn compare<M: Map>(&self) -> Result<Parts, Error> {
        let plan = |source| Error::Layout { map: M::NAME, source };
        let Some(bytes) = &self.btf else { return Ok(Parts { key: None, value: None }) };
        let btf = Btf::parse(bytes).map_err(|error| plan(PlanError::Btf(error)))?;
        Ok(Parts {
            key: part::<M::Key>(&btf, self.key).map_err(plan)?,
            value: part::<M::Value>(&btf, self.value).map_err(plan)?,
        })
    }
}

/// Key and value, compared.
pub(super) struct Parts {
    pub(super) key: Option<Comparison>,
    pub(super) value: Option<Comparison>,
}

impl Parts {
    /// Whether all that has bytes was compared field by field.
    pub(super) fn checked<M: Map>(&self) -> Checked {
        let known = |part: &Option<_>, size| part.is_some() || size == 0;
        let all = known(&self.key, size_of::<M::Key>()) && known(&self.value, size_of::<M::Value>());
        if all { Checked::Fields } else { Checked::SizesOnly }
    }
}

fn part<T: Layout>(btf: &Btf<'_>, (id, size): (TypeId, u32)) -> Result<Option<Comparison>, PlanError> {
    if size_of::<T>() == 0 || id == TypeId::VOID {
        return Ok(None);
    }
    // The kernel makes no such map (`map_check_btf`); a type that is not as large must not decide how bytes are read.
    if btf.size_of(id)? != u64::from(size) {
        return Err(BtfError::Damaged("a map's key or value is not as large as its type").into());
    }
    compare(const { &T::SHAPE }, btf, id).map(Some)
}

/// Differences of a part, each in a sentence: `` value: `exec.comm` starts at byte 12 in the live map, at byte 16 here ``.
pub(super) fn sentences(part: &str, comparison: &Comparison) -> Vec<String> {
    let tell = |difference: &crate::skew::Difference| {
        std::format!("{part}: {} ({})", difference.tell("the live map"), difference.rule)
    };
    comparison.differences.iter().map(tell).collect()
}

/// The BTF that has this number in the kernel: that of a loaded program, say, by the `btf_id` of its
/// `libbpf_rs::query::ProgramInfo`.
///
/// # Errors
/// If there is none, or it may not be read (`BPF_BTF_GET_FD_BY_ID` asks for `CAP_SYS_ADMIN`).
pub fn btf_by_id(id: u32) -> io::Result<Vec<u8>> {
    // SAFETY: the call takes a number and returns a descriptor or a negative errno.
    let fd = unsafe { libbpf_sys::bpf_btf_get_fd_by_id(id) };
    if fd < 0 {
        return Err(io::Error::from_raw_os_error(fd.saturating_neg()));
    }
    // SAFETY: the kernel has just given this descriptor, and nobody else has it.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    let size = btf_info(&fd, &mut [])?;
    let mut data = vec![0; size as usize];
    let filled = btf_info(&fd, &mut data)?;
    data.truncate(filled as usize);
    Ok(data)
}

/// Copies as much BTF as there is room for, and says how much there is (`btf_get_info_by_fd`).
fn btf_info(fd: &OwnedFd, data: &mut [u8]) -> io::Result<u32> {
    let mut info = libbpf_sys::bpf_btf_info {
        btf: data.as_mut_ptr() as u64,
        btf_size: u32::try_from(data.len()).unwrap_or(u32::MAX),
        ..Default::default()
    };
    let mut len = size_of_val(&info) as u32;
    // SAFETY: the kernel writes at most `len` bytes of `info`, and at most `btf_size` bytes to `btf`, which are those of
    // `data`; both are borrowed mutably until it returns.
    let status = unsafe { libbpf_sys::bpf_btf_get_info_by_fd(fd.as_fd().as_raw_fd(), &raw mut info, &raw mut len) };
    if status == 0 { Ok(info.btf_size) } else { Err(io::Error::from_raw_os_error(status.saturating_neg())) }
}
