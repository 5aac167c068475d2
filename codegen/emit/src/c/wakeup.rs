//! What hands a record of a ring buffer to its reader, and decides whether that wakes it.

use std::collections::BTreeSet;

use bpf_layout_spec::{model::Map, wakeup::Wakeup};

use super::{access::INLINE, helpers::Helper, out::Out};

/// For the macro that defines a ring buffer: `events_wakeup()` and `events_submit()`, behind the map. The policy is the
/// map's, so that another one in the spec needs no other line in a program.
pub(super) fn functions(out: &mut Out, helpers: &mut BTreeSet<Helper>, map: &Map) {
    let name = &map.name.c;
    let state = format!("__{name}_woken");
    if let Wakeup::Adaptive { .. } = map.wakeup {
        helpers.insert(Helper::Wakeup);
        // Volatile: clang would make a variable of each member, and leave BTF that the kernel refuses.
        out.write(format_args!("static volatile struct __bpf_layout_woken {state};"));
    }
    out.signature(&format!("{INLINE} __u64"), &[name, "_wakeup"], &["void"]);
    out.body(|out| flags(out, map, &state));
    helpers.insert(Helper::Submit);
    out.signature(&format!("{INLINE} void"), &[name, "_submit"], &["void *record"]);
    out.body(|out| out.call(&[Helper::Submit.name()], &["record", &format!("{name}_wakeup()")], ";"));
    // What the semicolon behind the macro ends.
    out.line("struct __bpf_layout_woken");
}

fn flags(out: &mut Out, map: &Map, state: &str) {
    match map.wakeup {
        Wakeup::Always => out.line("return 0; /* wakes a reader that has read all before it */"),
        Wakeup::Never => out.line("return 1; /* BPF_RB_NO_WAKEUP */"),
        Wakeup::Adaptive { share, after_ms } => {
            let (ringbuf, state) = (format!("&{}", map.name.c), format!("&{state}"));
            let (numerator, denominator) = (share.numerator().to_string(), share.denominator().to_string());
            let nanoseconds = format!("{}ULL", u64::from(after_ms) * 1_000_000);
            out.call(
                &["return ", Helper::Wakeup.name()],
                &[&ringbuf, &state, &numerator, &denominator, &nanoseconds],
                ";",
            );
        }
    }
}
