//! Flags of maps.

use super::maps::{Written, rule_of};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    kernel::{MAP_FLAGS, MapFlag, MapKind},
    spec::At,
    suggest,
};

/// Says that no map flag has this name.
pub(super) fn unknown_flag(flag: &At<String>) -> Diagnostic {
    let message = format!("there is no map flag `{}`", flag.value.escape_debug());
    let unknown = Diagnostic::new(Code::MapFlag, message, flag.span, "not a flag");
    let bare = flag.value.to_ascii_lowercase();
    let bare = bare.strip_prefix("bpf_f_").unwrap_or(&bare);
    match suggest::nearest(bare, MAP_FLAGS.iter().map(|flag| flag.name)) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.help("write the kernel's name without BPF_F_, in lower case: `no_prealloc`"),
    }
}

/// The flags of a map that it can have. What its type does not take, must have, or cannot combine is reported.
pub(super) fn check_flags(map: &Written<'_>, cx: &mut Diagnostics) -> Vec<&'static MapFlag> {
    let mut flags: Vec<&'static MapFlag> = Vec::new();
    for written in map.flags.into_iter().flat_map(|flags| &flags.value) {
        let Some(flag) = MapFlag::from_name(&written.value) else {
            cx.push(unknown_flag(written));
            continue;
        };
        if flags.iter().any(|earlier| earlier.bit == flag.bit) {
            let message = format!("the flag `{}` is given twice", flag.name);
            cx.push(Diagnostic::new(Code::MapFlag, message, written.span, "given again").help("remove one"));
            continue;
        }
        if map.kind.flags & flag.bit == 0 {
            let message = format!("a map of type `{}` does not take the flag `{}`", map.kind.name, flag.name);
            let wrong = Diagnostic::new(Code::MapFlag, message, written.span, "refused by the kernel");
            cx.push(wrong.note(rule_of(map.kind)).help(flags_of(map.kind)));
            continue;
        }
        flags.push(flag);
    }
    check_flag_sets(map, &flags, cx);
    flags
}

fn flags_of(kind: &MapKind) -> String {
    let names: Vec<&str> = MAP_FLAGS.iter().filter(|flag| kind.flags & flag.bit != 0).map(|flag| flag.name).collect();
    if names.is_empty() {
        "remove it: this type takes no flags".into()
    } else {
        format!("it takes {}", crate::read::list(&names))
    }
}

/// Flags that a type must have, and flags that exclude one another.
fn check_flag_sets(map: &Written<'_>, flags: &[&'static MapFlag], cx: &mut Diagnostics) {
    let set = flags.iter().fold(0, |set, flag| set | flag.bit);
    let name = &map.def.name;
    for flag in MAP_FLAGS.iter().filter(|flag| map.kind.required_flags & !set & flag.bit != 0) {
        let message = format!("a map of type `{}` must have the flag `{}`", map.kind.name, flag.name);
        let span = map.flags.map_or(name.span, |flags| flags.span);
        cx.push(
            Diagnostic::new(Code::MapFlag, message, span, format!("`{}` is missing", flag.name))
                .note(rule_of(map.kind))
                .help(format!("write `flags = [\"{}\"]`", flag.name)),
        );
    }
    for (left, right, why) in [
        ("rdonly", "wronly", "a file cannot be read-only and write-only (`bpf_get_file_flag`)"),
        (
            "rdonly_prog",
            "wronly_prog",
            "programs cannot be kept from reading and from writing (`bpf_map_flags_access_ok`)",
        ),
        ("no_common_lru", "numa_node", "LRU lists per CPU lie on the nodes of their CPUs (`htab_map_alloc_check`)"),
    ] {
        let has = |name: &str| flags.iter().any(|flag| flag.name == name);
        if has(left) && has(right) {
            let message = format!("the flags `{left}` and `{right}` exclude one another");
            let span = map.flags.map_or(name.span, |flags| flags.span);
            cx.push(Diagnostic::new(Code::MapFlag, message, span, "both are given").note(why).help("remove one"));
        }
    }
}
