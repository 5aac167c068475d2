//! Maps: types, keys, values, parameters, and maps within maps.

use bpf_layout_spec::compare::{Observed, ObservedMap, ObservedPart, Shape, Sign};

use super::{U32, int, load, observed, told};

const HASH: &str = "[map.m]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"u64\"\nmax_entries = 4\n";

fn part(size: Option<u64>, shape: Option<Shape>) -> Option<ObservedPart> {
    Some(ObservedPart { size, shape })
}

fn u64_() -> Shape {
    int(8, Sign::Unsigned)
}

/// A map that agrees with [`HASH`].
fn hash() -> ObservedMap<'static> {
    ObservedMap {
        name: "m",
        kind: Some(1),
        key: part(Some(4), Some(U32)),
        value: part(Some(8), Some(u64_())),
        max_entries: Some(4),
        ..ObservedMap::default()
    }
}

fn found(spec: &str, map: ObservedMap<'_>) -> Vec<String> {
    told(&load(spec), &Observed { maps: vec![map], ..observed(vec![]) })
}

#[test]
fn types_are_told_by_name_or_number() {
    assert_eq!(found(HASH, hash()), [""; 0]);
    assert_eq!(found(HASH, ObservedMap { kind: Some(9), ..hash() }), ["map-type type: hash / lru_hash"]);
    assert_eq!(found(HASH, ObservedMap { kind: Some(99), ..hash() }), ["map-type type: hash / type 99"]);
    assert_eq!(found(HASH, ObservedMap { kind: None, ..hash() }), ["map-type type: hash / not given"]);
}

#[test]
fn keys_and_values_are_told_by_size_or_by_type() {
    let key = |key| found(HASH, ObservedMap { key, ..hash() });
    assert_eq!(key(part(Some(4), None)), [""; 0]);
    assert_eq!(key(part(None, Some(U32))), [""; 0]);
    assert_eq!(key(part(Some(8), Some(u64_()))), ["map-key key: 4 / 8"]);
    assert_eq!(key(part(None, Some(u64_()))), ["map-key key: 4 / 8"]);
    assert_eq!(key(part(None, Some(int(4, Sign::Signed)))), ["map-key key: u32 / i32"]);
    assert_eq!(key(part(None, Some(Shape::Float(4)))), ["map-key key: u32 / a floating point number of 4 bytes"]);
    assert_eq!(key(part(Some(0), None)), ["map-key key: 4 / not given"]);
    assert_eq!(key(None), ["map-key key: 4 / not given"]);
    let text = HASH.replace("\"u64\"", "\"u64[2]\"");
    let array = part(None, Some(Shape::Array(Box::new(u64_()), 3)));
    assert_eq!(found(&text, ObservedMap { value: array, ..hash() }), ["map-value value: 2 / 3"]);
    assert_eq!(found(HASH, ObservedMap { value: None, ..hash() }), ["map-value value: 8 / not given"]);
}

#[test]
fn what_a_type_has_no_use_for_is_not_given() {
    let ringbuf = "[map.m]\ntype = \"ringbuf\"\nmax_entries = 4096\n";
    let map = ObservedMap { name: "m", kind: Some(27), max_entries: Some(4096), ..ObservedMap::default() };
    assert_eq!(found(ringbuf, map.clone()), [""; 0]);
    assert_eq!(found(ringbuf, ObservedMap { key: part(Some(4), None), ..map.clone() }), ["map-key key: not given / 4"]);
    assert_eq!(
        found(ringbuf, ObservedMap { value: part(None, Some(U32)), ..map }),
        ["map-value value: not given / given"]
    );
    // There is one size only that these can have.
    let perf = "[map.m]\ntype = \"perf_event_array\"\n";
    let map = ObservedMap { name: "m", kind: Some(4), value: part(Some(4), None), ..ObservedMap::default() };
    assert_eq!(found(perf, ObservedMap { key: part(Some(4), Some(U32)), ..map.clone() }), [""; 0]);
    assert_eq!(found(perf, ObservedMap { key: part(Some(8), None), ..map }), ["map-key key: 4 / 8"]);
}

#[test]
fn parameters_are_told_one_by_one() {
    let full = "[map.m]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"u64\"\nmax_entries = 4\nflags = [\"no_prealloc\", \"numa_node\"]\n\
                numa_node = 1\npinning = \"by_name\"\n";
    let map = || ObservedMap { flags: Some(5), numa_node: Some(1), pinned_by_name: Some(true), ..hash() };
    assert_eq!(found(full, map()), [""; 0]);
    assert_eq!(found(full, ObservedMap { max_entries: Some(8), ..map() }), ["map-max-entries max_entries: 4 / 8"]);
    assert_eq!(found(full, ObservedMap { max_entries: None, ..map() }), ["map-max-entries max_entries: 4 / not given"]);
    assert_eq!(
        found(full, ObservedMap { flags: Some(0), ..map() }),
        ["map-flags flags: 0x5 (no_prealloc, numa_node) / 0x0"]
    );
    assert_eq!(
        found(full, ObservedMap { flags: Some(1 << 40 | 1), ..map() }),
        ["map-flags flags: 0x5 (no_prealloc, numa_node) / 0x10000000001 (no_prealloc)"]
    );
    assert_eq!(found(full, ObservedMap { numa_node: Some(0), ..map() }), ["map-numa-node numa_node: 1 / 0"]);
    assert_eq!(found(full, ObservedMap { numa_node: None, ..map() }), ["map-numa-node numa_node: 1 / not given"]);
    assert_eq!(
        found(full, ObservedMap { pinned_by_name: Some(false), ..map() }),
        ["map-pinning pinning: by_name / none"]
    );
    assert_eq!(found(full, ObservedMap { pinned_by_name: None, ..map() }), [""; 0]);
    assert_eq!(
        found(HASH, ObservedMap { pinned_by_name: Some(true), ..hash() }),
        ["map-pinning pinning: none / by_name"]
    );
    assert_eq!(found(HASH, ObservedMap { map_extra: Some(3), ..hash() }), ["map-extra map_extra: not given / 3"]);
    assert_eq!(found(HASH, ObservedMap { map_extra: Some(3), map_extra_unknown: true, ..hash() }), [""; 0]);
    assert_eq!(found(HASH, ObservedMap { map_extra: Some(0), numa_node: Some(0), ..hash() }), [""; 0]);
}

#[test]
fn the_map_that_a_map_holds_is_compared_too() {
    let outer = "[map.inner]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"u64\"\nmax_entries = 4\n\
                 [map.m]\ntype = \"hash_of_maps\"\nkey = \"u32\"\nmax_entries = 2\ninner = \"inner\"\n";
    let map = |inner: Option<ObservedMap<'static>>| ObservedMap {
        kind: Some(13),
        value: part(Some(4), Some(U32)),
        max_entries: Some(2),
        inner: inner.map(Box::new),
        ..hash()
    };
    assert_eq!(found(outer, map(Some(hash()))), [""; 0]);
    assert_eq!(found(outer, ObservedMap { value: None, ..map(Some(hash())) }), [""; 0]);
    assert_eq!(
        found(outer, ObservedMap { value: part(Some(8), None), ..map(Some(hash())) }),
        ["map-value value: 4 / 8"]
    );
    let other = ObservedMap { max_entries: Some(5), pinned_by_name: Some(true), ..hash() };
    assert_eq!(found(outer, map(Some(other))), ["map-max-entries inner.max_entries: 4 / 5"], "libbpf pins no such map");
    assert_eq!(found(outer, map(None)), ["map-inner inner: a map that holds maps / a map that holds none"]);
    assert_eq!(found(outer, ObservedMap { inner_unknown: true, ..map(None) }), [""; 0]);
    let twice = ObservedMap { inner: Some(Box::new(hash())), ..hash() };
    assert_eq!(found(outer, map(Some(twice.clone()))), [""; 0], "what a held map holds is nobody's to say");
    assert_eq!(found(HASH, twice), ["map-inner inner: a map that holds none / a map that holds maps"]);
}
