//! Maps created by `bpf(2)` itself, without libbpf's roundings.

use bpf_layout_live::{Error, LoadedBtf, Map, MapOptions};
use bpf_layout_memory::{MapShape, MapType};

/// Creates a map; the error is the kernel's.
pub(crate) fn create(map: &MapShape) -> Result<Map, Error> {
    let storage = needs_btf(map.ty).then(|| btf_of_value(map.value)).transpose()?;
    let inner = holds_maps(map.ty).then(|| create(&MapShape::new(MapType::Array, 4, 8))).transpose()?;
    let [key_size, value_size, max_entries] =
        [map.key, map.value, map.entries].map(|size| u32::try_from(size).expect("32 bits"));
    Map::create(&MapOptions {
        kind: map.ty.id(),
        key_size,
        value_size,
        max_entries,
        map_flags: map.flags,
        map_extra: map.map_extra,
        btf: storage.as_ref().map(|btf| (btf, 1, 3)),
        inner: inner.as_ref(),
        ..MapOptions::default()
    })
}

/// What the kernel says that a map takes.
pub(crate) fn reported(map: &Map) -> u64 {
    map.memlock().expect("a map's fdinfo has memlock")
}

fn needs_btf(ty: MapType) -> bool {
    use MapType::{CgrpStorage, InodeStorage, SkStorage, TaskStorage};
    matches!(ty, SkStorage | InodeStorage | TaskStorage | CgrpStorage)
}

fn holds_maps(ty: MapType) -> bool {
    matches!(ty, MapType::ArrayOfMaps | MapType::HashOfMaps)
}

/// BTF whose type 1 is `int`, and whose type 3 is an array of this many bytes (`include/uapi/linux/btf.h`).
fn btf_of_value(size: u64) -> Result<LoadedBtf, Error> {
    const STRINGS: &[u8] = b"\0int\0byte\0";
    const INT: u32 = 1 << 24;
    const ARRAY: u32 = 3 << 24;
    let size = u32::try_from(size).expect("32 bits");
    let int = [1, INT, 4, 1 << 24 | 32];
    let byte = [5, INT, 1, 8];
    let array = [0, ARRAY, 0, 2, 1, size];
    let types: Vec<u32> = int.into_iter().chain(byte).chain(array).collect();
    let types_len = u32::try_from(types.len() * 4).expect("small");
    let header = [0x0001_eb9f, 24, 0, types_len, types_len, u32::try_from(STRINGS.len()).expect("small")];
    let mut data: Vec<u8> = header.into_iter().chain(types).flat_map(u32::to_ne_bytes).collect();
    data.extend(STRINGS);
    LoadedBtf::load(&data)
}
