//! The types of a live map's keys and values, as the kernel keeps them.

use std::{string::String, vec::Vec};

use bpf_layout_btf::{Btf, Error as BtfError, TypeId};
use bpf_layout_live::LoadedBtf;
use libbpf_rs::MapCore;

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
        let btf = has_types.then(|| LoadedBtf::from_id(info.btf_id)?.bytes()).transpose();
        let btf = btf.map_err(|source| Error::Kernel { map: M::NAME, source })?;
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
