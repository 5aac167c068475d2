//! Calls that take a field and a size, and which of their arguments the size is.

use crate::{access::Access, code::Code};

/// What a call does with the field it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callee {
    /// Takes this argument as the bytes of the field; writes a string, which ends where it ends, if `string`.
    Sized { size: usize, string: bool },
    /// Not known: any of its arguments may be a size.
    Unknown,
}

/// A field in a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// The parenthesis that opens the arguments.
    pub(crate) open: usize,
    /// Which argument the field is in.
    pub(crate) argument: usize,
    pub(crate) callee: Callee,
}

/// Helpers (`include/uapi/linux/bpf.h`), macros of libbpf (`bpf_core_read.h`) and functions of C whose size is not to be
/// guessed: the name, the argument, and whether they write a string.
const SIZED: &[(&str, usize, bool)] = &[
    ("bpf_probe_read", 1, false),
    ("bpf_probe_read_kernel", 1, false),
    ("bpf_probe_read_user", 1, false),
    ("bpf_probe_read_str", 1, true),
    ("bpf_probe_read_kernel_str", 1, true),
    ("bpf_probe_read_user_str", 1, true),
    ("bpf_core_read", 1, false),
    ("bpf_core_read_user", 1, false),
    ("bpf_core_read_str", 1, true),
    ("bpf_core_read_user_str", 1, true),
    ("bpf_copy_from_user", 1, false),
    ("bpf_copy_from_user_task", 1, false),
    ("bpf_get_current_comm", 1, true),
    ("bpf_snprintf", 1, true),
    ("bpf_strncmp", 1, false),
    ("bpf_d_path", 2, true),
    ("bpf_get_stack", 2, false),
    ("bpf_get_task_stack", 2, false),
    ("bpf_probe_write_user", 2, false),
    ("bpf_ringbuf_output", 2, false),
    ("bpf_perf_event_output", 4, false),
    ("bpf_skb_load_bytes", 3, false),
    ("bpf_xdp_load_bytes", 3, false),
    ("memcpy", 2, false),
    ("memmove", 2, false),
    ("memset", 2, false),
    ("memcmp", 2, false),
    ("strncmp", 2, false),
    ("__builtin_memcpy", 2, false),
    ("__builtin_memmove", 2, false),
    ("__builtin_memset", 2, false),
    ("__builtin_memcmp", 2, false),
    ("__builtin_strncmp", 2, false),
];

/// What looks like a call and copies nothing.
const HARMLESS: &[&str] = &[
    "sizeof",
    "_Alignof",
    "__alignof__",
    "__builtin_offsetof",
    "offsetof",
    "typeof",
    "__typeof__",
    "bpf_printk",
    "SEC",
];

/// The call that a field is an argument of.
pub(crate) fn call_of(code: &Code<'_>, access: &Access) -> Option<Call> {
    let (open, argument) = code.meaningful_parent(access.start)?;
    if !code.is_call(open) || HARMLESS.contains(&code.before(open)) {
        return None;
    }
    let known = SIZED.iter().find(|(name, ..)| *name == code.before(open));
    let callee = known.map_or(Callee::Unknown, |&(_, size, string)| Callee::Sized { size, string });
    Some(Call { open, argument, callee })
}

/// First token of an argument and the one past its last.
pub(crate) fn argument(code: &Code<'_>, open: usize, number: usize) -> Option<(usize, usize)> {
    /// Longer argument lists are not looked through.
    const LONGEST: usize = 256;
    let close = code.partner(open)?;
    let inside = (open + 1..close).take(LONGEST);
    let commas: Vec<usize> = inside.filter(|&at| code.word(at) == "," && code.parent(at) == Some(open)).collect();
    let start = if number == 0 { open + 1 } else { commas.get(number - 1)? + 1 };
    let end = commas.get(number).copied().unwrap_or(close);
    (start < end && end - start <= LONGEST).then_some((start, end))
}
