//! What tests on a live kernel share.
#![allow(dead_code, reason = "each test binary uses its part")]

use bpf_layout::{
    Map,
    kind::Kind,
    libbpf::libbpf_rs::{MapHandle, MapType, libbpf_sys},
};

/// Whether BPF may be used. If not, says so, and fails where the environment says that it must be.
pub(crate) fn kernel() -> bool {
    let options = create_options(0);
    let Err(error) = MapHandle::create(MapType::Array, None::<&str>, 4, 4, 1, &options) else { return true };
    let required = std::env::var_os("BPF_LAYOUT_REQUIRE_KERNEL").is_some_and(|value| value == "1");
    assert!(!required, "BPF is not permitted here ({error}), and BPF_LAYOUT_REQUIRE_KERNEL is set");
    eprintln!("skipped: BPF is not permitted here: {error}");
    false
}

fn create_options(map_flags: u32) -> libbpf_sys::bpf_map_create_opts {
    let sz = size_of::<libbpf_sys::bpf_map_create_opts>() as libbpf_sys::size_t;
    libbpf_sys::bpf_map_create_opts { sz, map_flags, ..Default::default() }
}

/// A map as the spec says, with `entries` in place of its own `max_entries`.
pub(crate) fn create<M: Map>(entries: u32) -> MapHandle {
    let kind = MapType::from(M::Kind::TYPE);
    let (key, value) = (size_of::<M::Key>() as u32, size_of::<M::Value>() as u32);
    MapHandle::create(kind, Some(M::NAME), key, value, entries, &create_options(M::FLAGS)).expect("the map is valid")
}
