//! Maps, dictionaries, budgets, groups, and profiles, which override maps.

use bpf_layout_spec::kernel::{MAP_FLAGS, MAP_KINDS};
use serde_json::{Map, Value, json};

use super::{
    constants,
    parts::{
        c_name, described, doc, explained, integer, list_of, name, named, object, reference, some_of, string, word,
    },
};

/// Everything that other schemas refer to.
pub(super) fn definitions() -> Map<String, Value> {
    [("map", map()), ("settings", settings())].map(|(name, schema)| (name.to_owned(), schema)).into_iter().collect()
}

/// `[map.NAME]`
fn map() -> Value {
    let own = [
        ("c", string("Its name in C, if it is another.")),
        ("doc", doc()),
        ("key", described("The type of its keys.", "type")),
        ("value", described("The type of its values.", "type")),
        ("events", list_of("The events that travel through it.", &string("The name of an event."))),
        ("inner", string("The map that those it holds are like.")),
        ("map_extra", described("Hash functions of a bloom filter (1 to 15), address of an arena.", "number")),
        ("numa_node", integer("The node it is allocated on, together with the flag `numa_node`.", 0, u32::MAX.into())),
        ("budget", described("Bytes that it may cost.", "number")),
    ];
    object("A map.", &["type"], own.into_iter().chain(overridable()))
}

/// `map.NAME` of a profile.
fn settings() -> Value {
    object("What the profile has otherwise.", &[], overridable())
}

/// The keys of a map that a profile may override.
fn overridable() -> [(&'static str, Value); 5] {
    let kinds = MAP_KINDS.iter().map(|kind| (kind.name, format!("{}, since Linux {}", kind.doc, kind.since)));
    let flags = MAP_FLAGS.iter().map(|flag| (flag.name, flag.doc.to_owned()));
    [
        ("type", explained("The kernel's name without `BPF_MAP_TYPE_`, in lower case.", kinds)),
        ("max_entries", described("Entries; bytes of a ring buffer, pages of an arena.", "number")),
        ("flags", list_of("What the map is created with.", &explained("The kernel's name without `BPF_F_`.", flags))),
        ("pinning", word("`by_name`: libbpf pins it under /sys/fs/bpf.", ["by_name", "none"])),
        ("wakeup", wakeup()),
    ]
}

/// `wakeup = "never"`, `wakeup = { share = "1/4", after = "10 ms" }`
fn wakeup() -> Value {
    let word = word("One of the policies by its name.", ["always", "adaptive", "never"]);
    let numbers = object(
        "Adaptive, with numbers of one's own.",
        &[],
        [
            ("share", string("The share of the buffer that is written before a record wakes the reader: `1/4`.")),
            ("after", string("The time after which a record wakes the reader: `10 ms`.")),
        ],
    );
    json!({ "description": "Of a ring buffer: when a record wakes its reader.", "anyOf": [word, numbers] })
}

/// `[intern.NAME]`
pub(super) fn interns() -> Value {
    let [_, _, flags, pinning, _] = overridable();
    let kinds = word("The map of the strings; `hash` if left out.", ["hash", "lru_hash"]);
    let intern = object(
        "The dictionary of strings of this length.",
        &["max_entries"],
        [
            ("doc", doc()),
            ("type", kinds),
            ("max_entries", described("How many different strings it holds.", "number")),
            flags,
            pinning,
            ("budget", described("Bytes that its map of strings may cost.", "number")),
        ],
    );
    named("Dictionaries of interned strings, each by the name of their length.", &name(), &intern)
}

/// `[budget]`
pub(super) fn budget() -> Value {
    object(
        "The memory that all maps may cost.",
        &[],
        [
            ("total", described("Bytes of all maps together.", "number")),
            ("cpus", integer("Possible CPUs of the largest machine that this must fit on.", 1, 8192)),
        ],
    )
}

/// `[group.NAME]`
pub(super) fn groups() -> Value {
    let group = object(
        "Maps that share a budget.",
        &["maps", "budget"],
        [
            ("maps", some_of("Whose costs are added up.", &string("The name of a map."))),
            ("budget", described("Bytes of these maps together.", "number")),
            ("doc", doc()),
        ],
    );
    named("Maps that share a budget.", &c_name(), &group)
}

/// `[profile.NAME]`
pub(super) fn profiles() -> Value {
    let profile = object(
        "A named set of overrides.",
        &[],
        [
            ("doc", doc()),
            ("lengths", constants("Other numbers for lengths.")),
            ("capacities", constants("Other numbers for capacities.")),
            ("omit", list_of("Optional fields to leave out.", &string("`struct.field`"))),
            ("map", named("Other parameters of maps.", &name(), &reference("settings"))),
        ],
    );
    json!({ "description": "Named sets of overrides.", "type": "object", "additionalProperties": profile })
}
