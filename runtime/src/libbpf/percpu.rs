//! Values that exist once per possible CPU.

use std::vec::Vec;

use libbpf_rs::MapFlags;

use super::{error::Error, handle::TypedMap};
use crate::{kind::PerCpu, layout::Layout, map::Map};

impl<M: Map<Kind: PerCpu>> TypedMap<M> {
    /// The values of a key, one per possible CPU, if it has any.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn lookup_percpu(&self, key: &M::Key) -> Result<Option<Vec<M::Value>>, Error> {
        let found = self.as_libbpf().lookup_percpu(Layout::as_bytes(key), MapFlags::ANY);
        let found = found.map_err(Self::error("look up a key"))?;
        // Each is as long as the map's value, which is as long as M::Value: compared when this map was opened.
        Ok(found.map(|values| values.iter().filter_map(|value| M::Value::read_from(value).ok()).collect()))
    }

    /// Sets the values of a key, one per possible CPU.
    ///
    /// # Errors
    /// If there are not as many values as possible CPUs, or the kernel refuses.
    pub fn update_percpu(&self, key: &M::Key, values: &[M::Value]) -> Result<(), Error> {
        let cpus = libbpf_rs::num_possible_cpus().map_err(Self::error("count the CPUs"))?;
        if values.len() != cpus {
            return Err(Error::Cpus { map: M::NAME, values: values.len(), cpus });
        }
        let values: Vec<Vec<u8>> = values.iter().map(|value| Layout::as_bytes(value).to_vec()).collect();
        let updated = self.as_libbpf().update_percpu(Layout::as_bytes(key), &values, MapFlags::ANY);
        updated.map_err(Self::error("update a key"))
    }
}
