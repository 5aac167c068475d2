//! What is read from the BTF of a kernel, by BTF written by hand: which formulas it has, and its pages.

#[path = "../../btf/tests/support/writer.rs"]
mod writer;

use bpf_layout_memory::{BtfError, Era, KernelSizes, Source, Struct, StructOpsLinks};
use writer::Writer;

/// Kinds of types in BTF (`include/uapi/linux/btf.h`).
const STRUCT: u32 = 4;
const ENUM: u32 = 6;

/// A struct, and its members with their offsets in bytes.
type Members<'a> = (&'a str, &'a [(&'a str, u32)]);

/// BTF with what every kernel has, and these.
fn kernel(more: &[Members<'_>]) -> KernelSizes {
    let mut writer = Writer::new(false);
    let long = writer.ty(1, "long", 0, 8, &[64]);
    let always: [Members<'_>; 4] = [("bpf_map", &[]), ("bpf_map_ops", &[]), ("bpf_htab", &[]), ("bpf_array", &[])];
    let given = |name: &str| more.iter().any(|(other, _)| *other == name);
    for (name, members) in always.iter().filter(|(name, _)| !given(name)).chain(more) {
        let words: Vec<u32> =
            members.iter().flat_map(|(member, offset)| [writer.string(member), long, offset * 8]).collect();
        let size = members.iter().map(|(_, offset)| offset + 8).max().unwrap_or(0);
        writer.ty(STRUCT, name, u32::try_from(members.len()).expect("few"), size, &words);
    }
    let (one, last) = (writer.string("BPF_MAP_TYPE_QUEUE"), writer.string("__MAX_BPF_MAP_TYPE"));
    writer.ty(ENUM, "bpf_map_type", 2, 4, &[one, 22, last, 23]);
    KernelSizes::from_btf(&writer.finish(), "by hand", Source::File).expect("it has what every kernel has")
}

#[test]
fn pages_are_what_lies_between_the_sides_of_a_ring_buffer() {
    let pages = |consumer, producer| {
        kernel(&[("bpf_ringbuf", &[("consumer_pos", consumer), ("producer_pos", producer)])]).page_size
    };
    assert_eq!(pages(4096, 8192), 4096);
    assert_eq!(pages(16_384, 32_768), 16_384);
    // Whatever that is, it does not tell the size of pages.
    assert_eq!(pages(65_536, 16_384), 4096);
    assert_eq!(pages(8192, 8192), 4096);
    assert_eq!(pages(4096, 16_384), 4096);
    assert_eq!(kernel(&[]).page_size, 4096);
}

#[test]
fn the_way_of_counting_shows_in_members() {
    assert_eq!(kernel(&[("bpf_map_ops", &[("map_mem_usage", 0)])]).era, Era::Usage);
    assert_eq!(kernel(&[("bpf_map", &[("memory", 0)])]).era, Era::Rlimit);
    assert_eq!(kernel(&[("bpf_map", &[("pages", 0)])]).era, Era::Rlimit);
    assert_eq!(kernel(&[]).era, Era::Footprint);
}

#[test]
fn locks_of_hash_maps_are_counted_where_there_are_any_or_no_destructor_is() {
    let locks = ("bpf_htab", &[("map_locked", 0)][..]);
    let destructor = ("bpf_mem_alloc", &[("dtor_ctx", 0)][..]);
    assert!(kernel(&[locks]).hash_lock_term);
    assert!(kernel(&[locks, destructor]).hash_lock_term);
    assert!(kernel(&[]).hash_lock_term);
    assert!(!kernel(&[destructor]).hash_lock_term);
}

#[test]
fn links_of_struct_ops_show_in_members() {
    let links = |members| kernel(&[("bpf_struct_ops_map", members)]).struct_ops_links;
    assert_eq!(links(&[]), StructOpsLinks::Members);
    assert_eq!(links(&[("funcs_cnt", 0)]), StructOpsLinks::Functions);
    assert_eq!(links(&[("funcs_cnt", 0), ("ksyms", 8)]), StructOpsLinks::Symbols);
}

#[test]
fn types_and_structs_that_a_kernel_lacks_are_named() {
    let kernel = kernel(&[("bpf_arena", &[("nr_pages", 0)])]);
    assert!(kernel.arena_counts_pages);
    assert_eq!(kernel.newest_map_type, 22);
    assert_eq!(kernel.size_of(Struct::Arena), Ok(8));
    let missing = kernel.size_of(Struct::Rhtab).expect_err("it has none");
    assert_eq!(missing.to_string(), "the kernel has no `struct bpf_rhtab`");
    let none = KernelSizes::from_btf(&Writer::new(false).finish(), "empty", Source::File).expect_err("no kernel");
    assert!(matches!(none, BtfError::NoKernel("bpf_map")));
    assert_eq!(none.to_string(), "it has no type `bpf_map`, so it is not the BTF of a whole kernel");
}
