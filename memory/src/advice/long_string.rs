//! Strings that are longer than what their names say can ever be.

use bpf_layout_spec::{
    layout::Layouts,
    model::{Type, TypeId},
};

use super::{About, MOST_TRIED, Proposal};
use crate::{
    report::Report,
    shrink::{Knob, with},
    text::grouped,
};

/// Something that strings hold, by the last words of the fields' names.
struct Kind {
    names: &'static [&'static str],
    /// Bytes of the longest, its NUL included.
    longest: u64,
    /// The kernel's own name of that limit.
    limit: &'static str,
}

/// Limits of `include/linux/sched.h`, `include/uapi/linux/if.h`, `include/uapi/linux/utsname.h` and
/// `include/uapi/linux/limits.h`.
const KINDS: [Kind; 4] = [
    Kind { names: &["comm", "pcomm"], longest: 16, limit: "TASK_COMM_LEN" },
    Kind { names: &["ifname", "iface", "devname"], longest: 16, limit: "IFNAMSIZ" },
    Kind { names: &["hostname", "nodename", "domainname"], longest: 65, limit: "__NEW_UTS_LEN + 1" },
    Kind { names: &["path", "cwd", "exepath", "filename", "pathname"], longest: 4096, limit: "PATH_MAX" },
];

pub(super) fn proposals(layouts: &Layouts, _: &Report) -> Vec<Proposal> {
    let mut found: Vec<(TypeId, usize, &Kind, u64)> = Vec::new();
    for (id, record) in layouts.model.records() {
        for (index, field) in record.fields.iter().enumerate().filter(|(_, field)| !field.omitted) {
            if let Type::Str(length) = &field.ty
                && let Some(kind) = kind_of(&field.name.spec)
                && length.value > kind.longest
            {
                found.push((id, index, kind, length.value));
            }
        }
    }
    found.sort_by_key(|(_, _, kind, length)| std::cmp::Reverse(length - kind.longest));
    found.truncate(MOST_TRIED);
    found.into_iter().filter_map(|(id, field, kind, length)| proposal(layouts, (id, field), kind, length)).collect()
}

fn kind_of(name: &str) -> Option<&'static Kind> {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit('_').next().unwrap_or(&name);
    KINDS.iter().find(|kind| kind.names.contains(&last))
}

fn proposal(layouts: &Layouts, (id, field): (TypeId, usize), kind: &Kind, length: u64) -> Option<Proposal> {
    let changed = with(layouts, &[(Knob::Length(id, field), kind.longest)])?;
    let text = format!(
        "has {} bytes; what its name says has {} at most ({})",
        grouped(length),
        grouped(kind.longest),
        kind.limit
    );
    Some(Proposal { about: About::Field(id, field), text, layouts: changed })
}
