//! The parts of `union bpf_attr` that each command reads, and what `BPF_OBJ_GET_INFO_BY_FD` fills in, as
//! `include/uapi/linux/bpf.h` of Linux 6.18 has them. Kernels take and fill in less if they are older: what they do not
//! know stays zero. None of these has padding, so no byte of them is uninitialised.

use std::mem::{offset_of, size_of};

use crate::NAME_LEN;

/// `BPF_MAP_CREATE`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MapCreate {
    pub(super) map_type: u32,
    pub(super) key_size: u32,
    pub(super) value_size: u32,
    pub(super) max_entries: u32,
    pub(super) map_flags: u32,
    pub(super) inner_map_fd: u32,
    pub(super) numa_node: u32,
    pub(super) map_name: [u8; NAME_LEN],
    pub(super) map_ifindex: u32,
    pub(super) btf_fd: u32,
    pub(super) btf_key_type_id: u32,
    pub(super) btf_value_type_id: u32,
    pub(super) btf_vmlinux_value_type_id: u32,
    pub(super) map_extra: u64,
}

/// `BPF_MAP_*_ELEM` and `BPF_MAP_GET_NEXT_KEY`, where `value` is `next_key`; `BPF_MAP_FREEZE`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Element {
    pub(super) map_fd: u32,
    pub(super) zero: u32,
    pub(super) key: u64,
    pub(super) value: u64,
    pub(super) flags: u64,
}

/// `BPF_MAP_LOOKUP_BATCH`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ElementBatch {
    pub(super) in_batch: u64,
    pub(super) out_batch: u64,
    pub(super) keys: u64,
    pub(super) values: u64,
    pub(super) count: u32,
    pub(super) map_fd: u32,
    pub(super) elem_flags: u64,
    pub(super) flags: u64,
}

/// `BPF_OBJ_PIN` and `BPF_OBJ_GET`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ObjectPath {
    pub(super) pathname: u64,
    pub(super) bpf_fd: u32,
    pub(super) file_flags: u32,
}

/// `BPF_*_GET_NEXT_ID` and `BPF_*_GET_FD_BY_ID`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ObjectId {
    pub(super) id: u32,
    pub(super) next_id: u32,
    pub(super) open_flags: u32,
}

/// `BPF_OBJ_GET_INFO_BY_FD`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InfoByFd {
    pub(super) bpf_fd: u32,
    pub(super) info_len: u32,
    pub(super) info: u64,
}

/// `BPF_BTF_LOAD`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BtfLoad {
    pub(super) btf: u64,
    pub(super) btf_log_buf: u64,
    pub(super) btf_size: u32,
    pub(super) btf_log_size: u32,
    pub(super) btf_log_level: u32,
    pub(super) zero: u32,
}

/// `struct bpf_map_info`, up to `map_extra`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MapInfo {
    pub(crate) kind: u32,
    pub(crate) id: u32,
    pub(crate) key_size: u32,
    pub(crate) value_size: u32,
    pub(crate) max_entries: u32,
    pub(crate) map_flags: u32,
    pub(crate) name: [u8; NAME_LEN],
    pub(crate) ifindex: u32,
    pub(crate) btf_vmlinux_value_type_id: u32,
    pub(crate) netns_dev: u64,
    pub(crate) netns_ino: u64,
    pub(crate) btf_id: u32,
    pub(crate) btf_key_type_id: u32,
    pub(crate) btf_value_type_id: u32,
    pub(crate) btf_vmlinux_id: u32,
    /// Since Linux 5.16.
    pub(crate) map_extra: u64,
}

/// `struct bpf_prog_info`, up to `btf_id`. The kernel fills the arrays that it has the address and the length of.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProgramInfo {
    pub(crate) kind: u32,
    pub(crate) id: u32,
    pub(crate) tag: [u8; 8],
    pub(crate) jited_prog_len: u32,
    pub(crate) xlated_prog_len: u32,
    pub(crate) jited_prog_insns: u64,
    pub(crate) xlated_prog_insns: u64,
    pub(crate) load_time: u64,
    pub(crate) created_by_uid: u32,
    pub(crate) nr_map_ids: u32,
    pub(super) map_ids: u64,
    pub(crate) name: [u8; NAME_LEN],
    pub(crate) ifindex: u32,
    pub(crate) bits: u32,
    pub(crate) netns_dev: u64,
    pub(crate) netns_ino: u64,
    pub(crate) nr_jited_ksyms: u32,
    pub(crate) nr_jited_func_lens: u32,
    pub(crate) jited_ksyms: u64,
    pub(crate) jited_func_lens: u64,
    pub(crate) btf_id: u32,
    pub(crate) func_info_rec_size: u32,
}

/// `struct bpf_btf_info`, as Linux 4.18 had it: the address and length of a buffer, and the id.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BtfInfo {
    pub(super) btf: u64,
    pub(super) btf_size: u32,
    pub(super) id: u32,
}

/// Each struct is as large as its members: it has no padding. And its last member is where the kernel has it.
macro_rules! laid_out {
    ($($name:ident { $last:ident: $size:literal } at $offset:literal;)+) => {
        $(const _: () = {
            assert!(offset_of!($name, $last) == $offset);
            assert!(size_of::<$name>() == $offset + $size);
        };)+
    };
}

// As `pahole -C bpf_attr` and its kind print it for Linux 6.18.
laid_out! {
    MapCreate { map_extra: 8 } at 64;
    Element { flags: 8 } at 24;
    ElementBatch { flags: 8 } at 48;
    ObjectPath { file_flags: 4 } at 12;
    ObjectId { open_flags: 4 } at 8;
    InfoByFd { info: 8 } at 8;
    BtfLoad { zero: 4 } at 28;
    MapInfo { map_extra: 8 } at 80;
    ProgramInfo { func_info_rec_size: 4 } at 132;
    BtfInfo { id: 4 } at 12;
}
