//! What hands a record of a ring buffer to its reader, and decides whether that wakes it.

use std::collections::BTreeSet;

use bpf_layout_spec::{model::Map, wakeup::Wakeup};

use super::{
    access::INLINE,
    helpers::Helper,
    out::{MACRO_LINE, call, macro_signature},
};

/// For the macro that defines a ring buffer: `events_wakeup()` and `events_submit()`, behind the map. The policy is the
/// map's, so that another one in the spec needs no other line in a program.
pub(super) fn functions(body: &mut Vec<String>, helpers: &mut BTreeSet<Helper>, map: &Map) {
    let name = &map.name.c;
    let state = format!("__{name}_woken");
    if let Wakeup::Adaptive { .. } = map.wakeup {
        helpers.insert(Helper::Wakeup);
        // Volatile: clang would make a variable of each member, and leave BTF that the kernel refuses.
        body.push(format!("\tstatic volatile struct __bpf_layout_woken {state};"));
    }
    body.extend(macro_signature(&format!("{INLINE} __u64"), &format!("{name}_wakeup"), &["void"]));
    body.push("\t{".to_owned());
    body.extend(flags(map, &state));
    body.push("\t}".to_owned());
    helpers.insert(Helper::Submit);
    body.extend(macro_signature(&format!("{INLINE} void"), &format!("{name}_submit"), &["void *record"]));
    body.push("\t{".to_owned());
    body.extend(call(
        MACRO_LINE,
        &format!("\t\t{}", Helper::Submit.name()),
        &["record", &format!("{name}_wakeup()")],
        ";",
    ));
    body.push("\t}".to_owned());
    // What the semicolon behind the macro ends.
    body.push("\tstruct __bpf_layout_woken".to_owned());
}

fn flags(map: &Map, state: &str) -> Vec<String> {
    match map.wakeup {
        Wakeup::Always => vec!["\t\treturn 0; /* wakes a reader that has read all before it */".to_owned()],
        Wakeup::Never => vec!["\t\treturn 1; /* BPF_RB_NO_WAKEUP */".to_owned()],
        Wakeup::Adaptive { share, after_ms } => {
            let (ringbuf, state) = (format!("&{}", map.name.c), format!("&{state}"));
            let (numerator, denominator) = (share.numerator().to_string(), share.denominator().to_string());
            let nanoseconds = format!("{}ULL", u64::from(after_ms) * 1_000_000);
            let head = format!("\t\treturn {}", Helper::Wakeup.name());
            call(MACRO_LINE, &head, &[&ringbuf, &state, &numerator, &denominator, &nanoseconds], ";")
        }
    }
}
