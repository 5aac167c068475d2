//! Advice: each rule finds what it is for and nothing else, and what it promises is what the change saves.

use std::path::Path;

use bpf_layout_memory::{
    Machine, Report, Totals,
    advice::{Advice, LEAST, advise, field_order},
    bundled,
};
use bpf_layout_spec::{Options, layout::Layouts, load_with};

const SPEC: &str = r#"spec = 1

[lengths]
PATH = 512

[struct.key]
fields = [{ name = "a", type = "u8" }, { name = "b", type = "u32" }, { name = "c", type = "u8" }, { name = "d", type = "u16" }]

[struct.value]
fields = [
  { name = "first", type = "u32" },
  { name = "long", type = "u64" },
  { name = "last", type = "u32" },
  { name = "task_comm", type = "str[64]" },
  { name = "cwd", type = "str[PATH]" },
]

[map.keys]
type = "hash"
key = "key"
value = "u64"
max_entries = 4096
flags = ["no_prealloc"]

[map.values]
type = "hash"
key = "u64"
value = "value"
max_entries = 1024

[map.counts]
type = "percpu_array"
key = "u32"
value = "u64"
max_entries = 512

[map.scratch]
type = "percpu_array"
key = "u32"
value = "bytes[30000]"
max_entries = 1

[map.slabs]
type = "hash"
key = "bytes[16]"
value = "bytes[64]"
max_entries = 1000
flags = ["no_prealloc"]
"#;

fn layouts(spec: &str) -> Layouts {
    load_with(Path::new("layouts.toml"), &mut |_| Ok(spec.into()), &Options::default()).expect("a valid spec").layouts
}

fn report(layouts: &Layouts) -> Report {
    let kernel = bundled().into_iter().find(|kernel| kernel.name == "6.16.12+deb13-amd64").expect("in the table");
    Report::new(layouts, &Machine::new(kernel, 8)).expect("types that this kernel has")
}

fn totals(spec: &str) -> Totals {
    report(&layouts(spec)).totals()
}

fn advice(spec: &str) -> Vec<(String, Advice)> {
    let layouts = layouts(spec);
    let advice = advise(&layouts, &report(&layouts));
    advice.into_iter().map(|advice| (advice.subject(&layouts.model), advice)).collect()
}

/// The rules that have something to say of a subject.
fn rules_of(spec: &str, subject: &str) -> Vec<&'static str> {
    advice(spec).into_iter().filter(|(found, _)| found == subject).map(|(_, advice)| advice.rule).collect()
}

/// What a user would do on this advice, and that it saves what was promised.
fn done(rule: &str, subject: &str, from: &str, to: &str) {
    let advice = advice(SPEC);
    let found = advice.iter().find(|(name, advice)| name == subject && advice.rule == rule);
    let (_, found) = found.unwrap_or_else(|| panic!("no {rule} of {subject} in {advice:#?}"));
    assert!(SPEC.contains(from), "{from}");
    let (before, after) = (totals(SPEC), totals(&SPEC.replace(from, to)));
    let less = |before: u64, after: u64| i128::from(before) - i128::from(after);
    assert_eq!(found.saved.memlock_full, less(before.memlock_full, after.memlock_full), "{rule} of {subject}");
    assert_eq!(found.saved.real_full, less(before.real_full, after.real_full), "{rule} of {subject}");
    assert_eq!(found.saved.real, less(before.real, after.real), "{rule} of {subject}");
    assert!(found.most() > 0 && found.saving().starts_with("saves "), "{found:?}");
}

#[test]
fn every_rule_saves_what_it_says() {
    let order = "  { name = \"first\", type = \"u32\" },\n  { name = \"long\", type = \"u64\" },\n";
    let sorted = "  { name = \"long\", type = \"u64\" },\n  { name = \"first\", type = \"u32\" },\n";
    done("field-order", "value", order, sorted);
    done("key-padding", "keys", "key = \"key\"", "key = \"u64\"");
    done("long-string", "value.task_comm", "str[64]", "str[16]");
    // 1024 strings, of which 128 differ.
    let interned = "\"intern[PATH]\" },\n]\n\n[intern.PATH]\nmax_entries = 128\n";
    done("intern", "values", "\"str[PATH]\" },\n]\n", interned);
    done("slab-class", "slabs", "bytes[64]", "bytes[56]");
    done("preallocation", "values", "max_entries = 1024", "max_entries = 1024\nflags = [\"no_prealloc\"]");
    done("per-cpu", "counts", "[map.counts]\ntype = \"percpu_array\"", "[map.counts]\ntype = \"array\"");
    done("half", "PATH", "PATH = 512", "PATH = 256");
}

/// What was seen in use takes the place of what would be assumed.
#[test]
fn what_was_measured_decides_how_many_strings_differ() {
    let layouts = layouts(SPEC);
    let told = |peak: Option<u64>| {
        let report = report(&layouts).measured(&layouts.model, |map| peak.filter(|_| map == "values"));
        let advice = advise(&layouts, &report).into_iter().find(|advice| advice.rule == "intern");
        advice.map(|advice| (advice.text, advice.saved.memlock_full))
    };
    let (assumed, saved) = told(None).expect("strings of 512 bytes");
    assert!(assumed.contains("one in 8") && assumed.ends_with("of 128 entries"), "{assumed}");
    let (measured, more) = told(Some(20)).expect("strings of 512 bytes");
    assert!(measured.contains("seen 20 at most") && measured.ends_with("of 40 entries"), "{measured}");
    assert!(more > saved, "{more} {saved}");
    // A dictionary of as many strings as there are saves nothing.
    assert_eq!(told(Some(1024)), None);
}

#[test]
fn what_saves_most_comes_first() {
    let advice = advice(SPEC);
    assert!(advice.windows(2).all(|pair| pair[0].1.most() >= pair[1].1.most()));
    for (subject, advice) in &advice {
        assert!(advice.most() >= LEAST || advice.per_struct > 0, "{subject}: {advice:?}");
    }
}

#[test]
fn figures_of_the_allocator() {
    let slabs = |value: u64| SPEC.replace("bytes[64]", &format!("bytes[{value}]"));
    assert!(rules_of(&slabs(64), "slabs").contains(&"slab-class"), "64 bytes take 192");
    assert!(!rules_of(&slabs(56), "slabs").contains(&"slab-class"), "56 take 128");
    assert!(rules_of(&slabs(8280), "slabs").contains(&"slab-class"), "8,280 take 16,384");
    assert!(!rules_of(&slabs(8120), "slabs").contains(&"slab-class"));
    let (_, large) =
        advice(&slabs(8280)).into_iter().find(|(_, advice)| advice.rule == "slab-class").expect("slabs are found");
    assert!(large.text.contains("8,280 bytes") && large.text.contains("8,120 or fewer"), "{}", large.text);
}

#[test]
fn elements_lie_in_as_few_cache_lines_as_they_need() {
    let map = |ty: &str, key: &str, value: u64, flags: &str| {
        format!(
            "spec = 1\n[map.m]\ntype = \"{ty}\"\nkey = \"{key}\"\nvalue = \"bytes[{value}]\"\nmax_entries = 4096\n{flags}"
        )
    };
    let of = |spec: &str| {
        let found = advice(spec).into_iter().find(|(_, advice)| advice.rule == "cache-line");
        found.map(|(_, advice)| (advice.text.clone(), advice.saved.memlock_full))
    };
    // 48 bytes of header, 8 of key, 16 of value: all of them in two lines. Without 8 bytes, all in one.
    let text =
        "has elements of 72 bytes, each in 2.00 cache lines on average; with values of 8 instead of 16 bytes, in 1.00";
    assert_eq!(of(&map("hash", "u64", 16, "")), Some((text.to_owned(), 8 * (4096 + 8))));
    assert!(of(&map("lru_hash", "u64", 80, "")).is_some_and(|(text, _)| text.contains("136 bytes, each in 3.00")));
    assert_eq!(of(&map("hash", "u64", 8, "")), None, "64 bytes");
    assert_eq!(of(&map("hash", "u64", 16, "flags = [\"no_prealloc\"]\n")), None, "they lie anywhere");
    assert_eq!(of(&map("hash", "u64", 5000, "")), None, "nobody reads all of it");
    // The kernel has the values of an array begin 8 bytes into a line, and with `mmapable` at its start.
    assert_eq!(of(&map("array", "u32", 72, "")), None);
    assert!(of(&map("array", "u32", 72, "flags = [\"mmapable\"]\n")).is_some_and(|(_, saved)| saved == 8 * 4096));
}

#[test]
fn what_is_as_it_must_be_gets_none() {
    assert_eq!(rules_of(SPEC, "scratch"), Vec::<&str>::new(), "one entry for each CPU is what these maps are for");
    assert!(!rules_of(SPEC, "keys").contains(&"preallocation"), "has the flag");
    let lru = SPEC.replace("[map.values]\ntype = \"hash\"", "[map.values]\ntype = \"lru_hash\"");
    assert!(!rules_of(&lru, "values").contains(&"preallocation"), "LRU maps take no such flag");
    let fixed = SPEC.replace("name = \"long\", type = \"u64\"", "name = \"long\", type = \"u64\", offset = 8");
    assert!(!rules_of(&fixed, "value").contains(&"field-order"), "a fixed place");
    let packed = SPEC.replace("[struct.value]\n", "[struct.value]\npacked = 1\n");
    assert!(!rules_of(&packed, "value").contains(&"field-order"));
    let history = SPEC.replace("[struct.value]\n", "[struct.value]\nreserved = [\"gone\"]\n");
    assert!(!rules_of(&history, "value").contains(&"field-order"), "readers know its fields");
    let comm = SPEC.replace("str[64]", "str[16]");
    assert_eq!(rules_of(&comm, "value.task_comm"), Vec::<&str>::new());
    assert!(advice("spec = 1\n").is_empty());
}

#[test]
fn what_refers_to_fields_follows_them() {
    let tagged = r#"spec = 1
[union.body]
fields = [{ name = "x", type = "u64", when = 1 }, { name = "y", type = "u32", when = 2 }]
[struct.message]
fields = [{ name = "kind", type = "u8" }, { name = "body", type = "body", tag = "kind" }, { name = "more", type = "u8" }]
"#;
    let layouts = layouts(tagged);
    let orders: Vec<Advice> = layouts.model.records().filter_map(|(id, _)| field_order(&layouts, id)).collect();
    let [order] = orders.as_slice() else { panic!("{orders:?}") };
    assert_eq!((order.per_struct, order.saving()), (8, "saves 8 B in each".into()));
    assert!(order.text.contains("24 bytes; 16 with its fields in the order body, kind, more"), "{}", order.text);
}

/// Every order of these.
fn permutations(fields: &[&'static str]) -> Vec<Vec<&'static str>> {
    let Some((first, rest)) = fields.split_first() else { return vec![Vec::new()] };
    let with = |rest: &Vec<&'static str>| -> Vec<Vec<&'static str>> {
        (0..=rest.len()).map(|at| [&rest[..at], &[*first], &rest[at..]].concat()).collect()
    };
    permutations(rest).iter().flat_map(with).collect()
}

#[test]
fn no_order_is_better_than_the_one_that_is_told() {
    let size = |types: &[&str]| {
        let fields: String =
            (0..).zip(types).map(|(i, ty)| format!("{{ name = \"f{i}\", type = \"{ty}\" }},")).collect();
        let layouts = layouts(&format!("spec = 1\n[struct.s]\nfields = [{fields}]\n"));
        let id = layouts.model.records().next().expect("a struct").0;
        (layouts.of(id).size, field_order(&layouts, id).map_or(0, |advice| advice.per_struct))
    };
    for types in [
        &["u8", "u64", "u16", "u32", "u8"][..],
        &["u8", "str[3]", "u32", "u16[3]", "u64"],
        &["u16", "u64", "bytes[5]", "u32", "u64"],
        &["u64", "u8", "u64", "u8", "u8"],
        &["u128", "u8", "u64", "u8"],
    ] {
        let orders = permutations(types);
        let least = orders.iter().map(|order| size(order).0).min().expect("an order");
        for order in &orders {
            let (size, saved) = size(order);
            assert_eq!(size - saved, least, "{order:?}");
        }
    }
}
