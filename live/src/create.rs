//! Maps that are created here.

use crate::{
    NAME_LEN,
    btf::LoadedBtf,
    error::Error,
    map::Map,
    sys::{self, Command},
};

/// What a map is to be: the parameters of `BPF_MAP_CREATE`, as the kernel takes them, without the roundings of libbpf.
#[derive(Clone, Copy, Debug, Default)]
pub struct MapOptions<'a> {
    /// Letters, digits, `_` and `.`; at most 15, the rest is cut.
    pub name: &'a str,
    /// A number of `enum bpf_map_type`.
    pub kind: u32,
    /// Bytes of a key.
    pub key_size: u32,
    /// Bytes of a value.
    pub value_size: u32,
    /// Elements; bytes for ring buffers.
    pub max_entries: u32,
    /// Bits of `BPF_F_*`.
    pub map_flags: u32,
    /// The node to allocate on, with `BPF_F_NUMA_NODE`.
    pub numa_node: u32,
    /// What its type makes of it.
    pub map_extra: u64,
    /// Loaded BTF, and the types in it of keys and values.
    pub btf: Option<(&'a LoadedBtf, u32, u32)>,
    /// For maps of maps: one like those that it holds.
    pub inner: Option<&'a Map>,
}

impl Map {
    /// Creates a map, which lives as long as this value or a pin of it.
    ///
    /// # Errors
    /// If the kernel does not take it, or without `CAP_BPF`.
    pub fn create(options: &MapOptions<'_>) -> Result<Self, Error> {
        let on = format!("a map of type {}", options.kind);
        match sys::map_create(options, cut(options.name)) {
            Ok(fd) => Map::from_fd(fd, &on),
            Err(error) => Err(Error::call(Command::MapCreate, on, error)),
        }
    }
}

/// The bytes of a name that the kernel has room for, and a NUL.
fn cut(name: &str) -> [u8; NAME_LEN] {
    let mut bytes = [0; NAME_LEN];
    for (to, from) in bytes.iter_mut().take(NAME_LEN - 1).zip(name.bytes()) {
        *to = from;
    }
    bytes
}
