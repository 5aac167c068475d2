//! Where the kernel's own fields may stand.

mod support;

use bpf_layout_spec::{
    diag::Code,
    kernel::{FieldSupport, MAP_KINDS, MapKind, Part},
};
use support::try_load;

/// How many fields are said to be misplaced in a spec of these definitions. There may be nothing else wrong with it.
fn misplaced(definitions: &str) -> usize {
    let text =
        format!("spec = 1\n[struct.item]\nfields = [{{ name = \"node\", type = \"bpf_list_node\" }}]\n{definitions}");
    let found = try_load(&text, None).err().map_or_else(Vec::new, |failure| failure.diagnostics);
    for one in &found {
        assert_eq!(one.code, Code::MisplacedType, "{}\n{text}", one.message);
    }
    found.len()
}

const LOCK: &str = "type = \"bpf_spin_lock\"";
const OTHER_LOCK: &str = "type = \"bpf_res_spin_lock\"";
const TIMER: &str = "type = \"bpf_timer\"";
const WORK: &str = "type = \"bpf_wq\"";
const COUNT: &str = "type = \"bpf_refcount\"";
const NODE: &str = "type = \"bpf_list_node\"";
const LIST: &str = "type = \"bpf_list_head\", contains = \"item.node\"";
const LISTS: &str = "type = \"bpf_list_head[2]\", contains = \"item.node\"";
const KPTR: &str = "type = \"kptr[task_struct]\"";
const KPTRS: &str = "type = \"kptr[task_struct][2]\"";

/// A definition of these fields.
fn record(kind: &str, name: &str, fields: &[&str]) -> String {
    let fields: Vec<String> =
        fields.iter().enumerate().map(|(number, of)| format!("{{ name = \"f{number}\", {of} }}")).collect();
    format!("[{kind}.{name}]\nfields = [{}]\n", fields.join(", "))
}

/// A map of the type with the struct `value` as its value.
fn map(kind: &MapKind) -> String {
    let mut text = format!("[map.m]\ntype = \"{}\"\nvalue = \"value\"\n", kind.name);
    if kind.key == Part::Required {
        text += "key = \"u64\"\n";
    }
    if kind.max_entries == Part::Required {
        text += "max_entries = 16\n";
    }
    if kind.required_flags != 0 {
        text += "flags = [\"no_prealloc\"]\n";
    }
    text
}

#[test]
fn maps_hold_what_the_kernel_supports() {
    type Supports = fn(FieldSupport) -> bool;
    let classes: [(&str, Supports); 6] = [
        (LOCK, |support| support.locks),
        (OTHER_LOCK, |support| support.locks),
        (TIMER, |support| support.callbacks),
        (WORK, |support| support.callbacks),
        (COUNT, |support| support.kptrs),
        (KPTR, |support| support.kptrs),
    ];
    let mut seen = [false; 2];
    let takes_structs = |kind: &&MapKind| {
        kind.value == Part::Required && kind.value_sizes.is_empty() && kind.value_multiple == 1 && !kind.map_in_map
    };
    for kind in MAP_KINDS.iter().filter(takes_structs) {
        for (field, supports) in classes {
            let spec = record("struct", "value", &["type = \"u64\"", field]) + &map(kind);
            let supported = supports(kind.fields);
            seen[usize::from(supported)] = true;
            assert_eq!(misplaced(&spec), usize::from(!supported), "{spec}");
        }
        // A list wants a lock beside it, and each is refused where it is not supported.
        let spec = record("struct", "value", &[LOCK, LIST]) + &map(kind);
        assert_eq!(misplaced(&spec), usize::from(!kind.fields.locks) + usize::from(!kind.fields.roots), "{spec}");
        // Of each class, one is told.
        let spec = record("struct", "value", &[KPTR, KPTR, NODE]) + &map(kind);
        assert_eq!(misplaced(&spec), 1 + usize::from(!kind.fields.kptrs), "{spec}");
    }
    assert_eq!(seen, [true; 2]);
}

#[test]
fn lists_are_guarded_by_a_lock() {
    let hash = map(MapKind::from_name("hash").expect("a kind"));
    assert_eq!(misplaced(&(record("struct", "value", &[LIST]) + &hash)), 1);
    assert_eq!(misplaced(&(record("struct", "value", &[LIST, LOCK]) + &hash)), 0);
    assert_eq!(misplaced(&(record("struct", "value", &[KPTR]) + &hash)), 0);
}

#[test]
fn some_stand_once_in_a_struct() {
    for (fields, wrong) in [
        ([LOCK, LOCK], 1),
        ([LOCK, OTHER_LOCK], 1),
        ([TIMER, TIMER], 1),
        ([TIMER, WORK], 0),
        ([COUNT, COUNT], 1),
        ([LOCK, TIMER], 0),
        ([LIST, LIST], 0),
        ([KPTR, KPTR], 0),
        ([NODE, NODE], 0),
    ] {
        assert_eq!(misplaced(&record("struct", "value", &fields)), wrong, "{fields:?}");
    }
}

#[test]
fn some_lie_in_arrays_and_in_structs_within_structs() {
    for (field, wrong) in [(LOCK, 1), (TIMER, 1), (COUNT, 1), (NODE, 1), (LIST, 0), (LISTS, 0), (KPTR, 0), (KPTRS, 0)] {
        let inner = record("struct", "inner", &[field]);
        assert_eq!(misplaced(&inner), 0, "{field}");
        for outer in ["type = \"inner\"", "type = \"inner[2]\""] {
            assert_eq!(misplaced(&(inner.clone() + &record("struct", "outer", &[outer]))), wrong, "{field} {outer}");
        }
        if let Some((ty, "")) = field.rsplit_once('"').filter(|_| wrong == 1) {
            assert_eq!(misplaced(&record("struct", "many", &[&format!("{ty}[2]\"")])), 1, "{field}");
        }
    }
}

#[test]
fn none_lies_in_a_union_an_event_a_packed_struct_or_a_key() {
    for field in [LOCK, TIMER, LIST, KPTR] {
        assert_eq!(misplaced(&record("union", "either", &[field, "type = \"u32\""])), 1, "{field}");
        assert_eq!(misplaced(&record("event", "e", &[field])), 1, "{field}");
        assert_eq!(misplaced(&(record("struct", "tight", &[field]) + "packed = true\n")), 1, "{field}");
        let key = "[map.m]\ntype = \"hash\"\nkey = \"k\"\nvalue = \"u32\"\nmax_entries = 1\n";
        assert_eq!(misplaced(&(record("struct", "k", &[field]) + key)), 1, "{field}");
    }
    for ty in ["bpf_spin_lock", "kptr[task_struct]"] {
        let bare = format!("[map.m]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"{ty}\"\nmax_entries = 1\n");
        assert_eq!(misplaced(&bare), 1, "{ty}");
    }
}
