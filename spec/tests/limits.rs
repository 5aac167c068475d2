//! What just fits, and what is one too many.

mod support;

use bpf_layout_spec::{Failure, Loaded, diag::Code, layout::SCRATCH_MAX, model::Variable};
use support::try_load;

/// A spec of these definitions.
fn loaded(definitions: &str) -> Result<Loaded, Failure> {
    try_load(&format!("spec = 1\n{definitions}"), None)
}

/// The codes of what is wrong in a spec of these definitions.
fn wrong(definitions: &str) -> Vec<Code> {
    let failure = loaded(definitions).err();
    failure.map_or_else(Vec::new, |failure| failure.diagnostics.iter().map(|one| one.code).collect())
}

/// Checks that of these numbers only those that are marked are accepted.
fn check(what: &str, code: Code, definitions: impl Fn(u64) -> String, numbers: &[(u64, bool)]) {
    for &(number, fits) in numbers {
        let expected = if fits { Vec::new() } else { vec![code] };
        assert_eq!(wrong(&definitions(number)), expected, "{what}: {number}");
    }
}

/// A map of a key of so many bytes.
fn keyed(kind: &str, size: u64, more: &str) -> String {
    format!(
        "[struct.key]\nfields = [{{ name = \"a\", type = \"bytes[{size}]\" }}]\n\
         [map.m]\ntype = \"{kind}\"\nkey = \"key\"\nvalue = \"u64\"\n{more}"
    )
}

#[test]
fn keys() {
    let hash = |size| keyed("hash", size, "max_entries = 1");
    check("hash", Code::MapLimit, hash, &[(1, true), (512, true), (513, false)]);
    let trie = |size| keyed("lpm_trie", size, "max_entries = 1\nflags = [\"no_prealloc\"]");
    check("lpm_trie", Code::MapLimit, trie, &[(4, false), (5, true), (260, true), (261, false)]);
    let storage = |size| keyed("cgroup_storage", size, "");
    let sizes = [(4, false), (8, true), (12, false), (16, true), (24, false)];
    check("cgroup_storage", Code::MapLimit, storage, &sizes);
}

#[test]
fn values() {
    let map = |kind: &'static str, key: &'static str| {
        move |size: u64| {
            format!("[map.m]\ntype = \"{kind}\"\nkey = \"{key}\"\nvalue = \"bytes[{size}]\"\nmax_entries = 1")
        }
    };
    let most = (4 << 20) - 64;
    check("hash", Code::MapLimit, map("hash", "u32"), &[(most - 8, true), (most - 7, false)]);
    check("hash", Code::MapLimit, map("hash", "u64[2]"), &[(most - 16, true), (most - 15, false)]);
    check("percpu_hash", Code::MapLimit, map("percpu_hash", "u32"), &[(32 << 10, true), ((32 << 10) + 1, false)]);
    let traces = |frames: u64| {
        format!("[map.m]\ntype = \"stack_trace\"\nkey = \"u32\"\nvalue = \"u64[{frames}]\"\nmax_entries = 1")
    };
    check("stack_trace", Code::MapLimit, traces, &[(1, true), (127, true), (128, false)]);
}

#[test]
fn numbers_of_entries() {
    let arena = |pages: u64| format!("[map.m]\ntype = \"arena\"\nflags = [\"mmapable\"]\nmax_entries = {pages}");
    check("arena", Code::MapLimit, arena, &[(1, true), (1 << 20, true), ((1 << 20) + 1, false)]);
    let ring = |bytes: u64| format!("[map.m]\ntype = \"ringbuf\"\nmax_entries = {bytes}");
    check("ringbuf", Code::MapLimit, ring, &[(4096, true), (8192, true), (2048, false)]);
    let array = |entries: u64| format!("[map.m]\ntype = \"array\"\nvalue = \"u32\"\nmax_entries = {entries}");
    check("array", Code::MapLimit, array, &[(1, true), (u32::MAX.into(), true), (1 << 32, false)]);
}

#[test]
fn extras_of_maps() {
    let filter = |functions: u64| {
        format!("[map.m]\ntype = \"bloom_filter\"\nvalue = \"u64\"\nmax_entries = 16\nmap_extra = {functions}")
    };
    check("bloom_filter", Code::MapLimit, filter, &[(1, true), (15, true), (16, false)]);
    let arena = |address: u64| {
        format!("[map.m]\ntype = \"arena\"\nmax_entries = 16\nflags = [\"mmapable\"]\nmap_extra = {address}")
    };
    check("arena", Code::MapLimit, arena, &[(4096, true), (1 << 44, true), (4097, false), ((1 << 44) + 1, false)]);
}

#[test]
fn no_entries_are_none_where_none_are_needed() {
    for (kind, entries, expected) in [
        ("perf_event_array", 0, Some(None)),
        ("perf_event_array", 8, Some(Some(8))),
        ("task_storage", 0, Some(None)),
        ("task_storage", 8, None),
    ] {
        let value =
            if kind == "task_storage" { "key = \"i32\"\nvalue = \"u64\"\nflags = [\"no_prealloc\"]" } else { "" };
        let map = format!("[map.m]\ntype = \"{kind}\"\nmax_entries = {entries}\n{value}");
        let found = loaded(&map).ok().map(|loaded| {
            let entries = loaded.layouts.model.maps[0].max_entries.as_ref();
            entries.map(|count| count.value)
        });
        assert_eq!(found, expected, "{map}");
    }
}

#[test]
fn bitfields() {
    let kinds = "[enum.kind]\nrepr = \"u8\"\nvariants = [{ name = \"a\", value = 1 }]\n\
        [flags.mode]\nrepr = \"u16\"\nbits = [{ name = \"a\", value = 1 }]\n\
        [struct.inner]\nfields = [{ name = \"a\", type = \"u32\" }]\n";
    let field = |ty: &str, bits: u64| {
        format!("{kinds}[struct.s]\nfields = [{{ name = \"a\", type = \"{ty}\", bits = {bits} }}]")
    };
    let widths =
        [("bool", 1), ("u8", 8), ("i16", 16), ("u32", 32), ("i64", 64), ("u64", 64), ("kind", 8), ("mode", 16)];
    for (ty, width) in widths {
        check(ty, Code::Bitfield, |bits| field(ty, bits), &[(0, false), (1, true), (width, true), (width + 1, false)]);
    }
    for ty in ["u128", "i128", "be32", "str[4]", "u32[2]", "inner"] {
        assert_eq!(wrong(&field(ty, 1)), [Code::Bitfield], "{ty}");
    }
}

#[test]
fn fields_of_a_struct() {
    let of = |count: u64| {
        let fields: String = (0..count).map(|n| format!("{{name=\"f{n}\",type=\"u8\"}},")).collect();
        format!("[struct.s]\nfields = [{fields}]")
    };
    check("fields", Code::TooLarge, of, &[(1, true), (0xffff, true), (0x1_0000, false)]);
}

#[test]
fn offsets_are_of_32_bits() {
    let at = |offset: i128| {
        let spec = format!("[struct.s]\nfields = [{{ name = \"a\", type = \"u8\", offset = {offset} }}]");
        let failure = loaded(&spec).err();
        failure.map_or_else(Vec::new, |failure| failure.diagnostics.into_iter().map(|one| one.message).collect())
    };
    assert_eq!(at(0), [""; 0]);
    for offset in [-1, 1 << 32] {
        assert_eq!(at(offset), [format!("an offset of {offset} is not possible")]);
    }
    assert!(at(u32::MAX.into()).iter().all(|message| !message.contains("is not possible")));
}

#[test]
fn tags() {
    let of = |ty: &'static str| {
        move |value: u64| {
            format!("[event.e]\ntag = {{ kind = {value} }}\nfields = [{{ name = \"kind\", type = \"{ty}\" }}]")
        }
    };
    check("u8", Code::ValueOutOfRange, of("u8"), &[(0, true), (255, true), (256, false)]);
    check("i16", Code::ValueOutOfRange, of("i16"), &[(0, true), (32_767, true), (32_768, false)]);
    check("u64", Code::ValueOutOfRange, of("u64"), &[(0, true), (i64::MAX as u64, true)]);
}

#[test]
fn dimensions_with_those_of_aliases() {
    let of = |own: u64| {
        let (inner, outer) = ("[2]".repeat(8), "[2]".repeat(usize::try_from(own).expect("few")));
        format!("[alias]\na = \"u8{inner}\"\n[struct.s]\nfields = [{{ name = \"a\", type = \"a{outer}\" }}]")
    };
    check("dimensions beside eight", Code::TooLarge, of, &[(0, true), (8, true), (9, false)]);
}

#[test]
fn rooms() {
    let event =
        |rooms: u64| format!("[event.e]\nrooms = {rooms}\nfields = [{{ name = \"a\", type = \"bytes[..8]\" }}]");
    check("rooms", Code::InvalidValue, event, &[(0, false), (1, true), (16, true), (17, false), (1 << 32, false)]);
}

#[test]
fn compact_events() {
    let one = |most: u64| {
        format!(
            "[event.e]\nfields = [{{ name = \"a\", type = \"u32\" }}, {{ name = \"b\", type = \"bytes[..{most}]\" }}]"
        )
    };
    for (most, what) in [(Variable::MAX, "`e` may have"), (Variable::MAX + 1, "`b` of `e` may have")] {
        let failure = loaded(&one(most)).expect_err("too large");
        let messages: Vec<&str> = failure.diagnostics.iter().map(|one| one.message.as_str()).collect();
        assert!(matches!(messages[..], [message] if message.starts_with(what)), "{most}: {messages:?}");
    }
    let two = |most: u64| {
        format!(
            "[event.e]\nfields = [{{ name = \"a\", type = \"u64\" }}, {{ name = \"b\", type = \"bytes[..16384]\" }}, \
             {{ name = \"c\", type = \"bytes[..{most}]\" }}]"
        )
    };
    // Beside the fields it has counters, a header and a byte to spare.
    let half = SCRATCH_MAX - 16384;
    let fits = (half - 100..half).rev().find(|most| wrong(&two(*most)).is_empty()).expect("some fit");
    let layouts = loaded(&two(fits)).unwrap_or_else(|_| panic!("{fits}")).layouts;
    let (id, _) = layouts.model.records().next().expect("the event");
    assert_eq!(layouts.room(id).map(|room| room.size), Some(SCRATCH_MAX), "{fits}");
    check("an event", Code::TooLarge, two, &[(fits, true), (fits + 1, false)]);
}

#[test]
fn several_events_of_a_buffer_have_tags() {
    let event = |name: &str| format!("[event.{name}]\nfields = [{{ name = \"a\", type = \"u32\" }}]\n");
    let map = |events: &str| format!("[map.m]\ntype = \"ringbuf\"\nmax_entries = 4096\nevents = [{events}]\n");
    assert_eq!(wrong(&(event("one") + &map("\"one\""))), []);
    assert_eq!(wrong(&(event("one") + &event("two") + &map("\"one\", \"two\""))), [Code::Tag; 2]);
}
