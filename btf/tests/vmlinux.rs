//! The running kernel's BTF, which libbpf reads as well.

use std::fs;

use bpf_layout_btf::{Btf, Kind, TypeId};
use libbpf_rs::btf::{
    Btf as Libbpf, HasSize as _,
    types::{Composite, MemberAttr},
};

const KERNEL: &str = "/sys/kernel/btf/vmlinux";

fn kernel() -> Option<Vec<u8>> {
    let bytes = fs::read(KERNEL).ok();
    if bytes.is_none() {
        assert!(std::env::var_os("BPF_LAYOUT_REQUIRE_KERNEL").is_none(), "{KERNEL} cannot be read and was required");
        eprintln!("skipped: {KERNEL} cannot be read");
    }
    bytes
}

#[test]
fn kernel_structs_are_as_libbpf_reads_them() {
    let Some(bytes) = kernel() else { return };
    let btf = Btf::parse(&bytes).expect("the kernel's BTF is sound");
    let libbpf = Libbpf::from_path(KERNEL).expect("libbpf reads it, too");
    assert_eq!(btf.types().count() + 1, libbpf.len());
    let (mut records, mut members) = (0, 0);
    for ty in btf.types().filter(|ty| matches!(ty.kind(), Kind::Struct | Kind::Union)) {
        let other: Composite<'_> = libbpf.type_by_id(ty.id().0.into()).expect("libbpf has it, too");
        assert_eq!(btf.size_of(ty.id()), Ok(other.size() as u64));
        for (ours, theirs) in ty.members().zip(other.iter()) {
            let (offset, size) = match theirs.attr {
                MemberAttr::Normal { offset } => (offset, 0),
                MemberAttr::BitField { size, offset } => (offset, size.into()),
            };
            assert_eq!((ours.bit_offset, ours.bit_size), (offset, size), "{}.{}", ty.name(), ours.name);
            assert_eq!(ours.name, theirs.name.map_or("", |name| name.to_str().expect("names are UTF-8")));
            members += 1;
        }
        assert_eq!(ty.members().len(), other.iter().count());
        records += 1;
    }
    assert!(records > 1000 && members > 10_000, "{records} records, {members} members");
}

#[test]
fn kernel_functions_and_members_are_found_by_name() {
    let Some(bytes) = kernel() else { return };
    let btf = Btf::parse(&bytes).expect("the kernel's BTF is sound");
    let map = btf.find(Kind::Struct, "bpf_map").expect("every kernel with BPF has it");
    assert!(btf.members(map).any(|member| member.name == "max_entries"));
    assert!(btf.find(Kind::Func, "bpf_map_area_alloc").is_some());
    assert!(btf.find(Kind::Func, "there is no such function").is_none());
    assert_eq!(btf.pointer_size(), size_of::<usize>() as u64);
    assert_eq!(btf.members(TypeId(u32::MAX)).len(), 0);
}
