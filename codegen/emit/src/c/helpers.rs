//! Functions that the generated ones share. Each has its own guard, since a program may include several headers, and
//! stands only in those that use it.

use std::collections::BTreeSet;

use super::{access::INLINE_LONG, out::Out};

mod append;
mod intern;

use append::{
    APPEND, APPEND_BYTES_COMMENT, APPEND_COMMENT, APPEND_STR_COMMENT, APPEND_TEXT_COMMENT, GIVE, OPAQUE,
    OPAQUE_COMMENT, PERF_SEND, PERF_SEND_COMMENT, SEND, SEND_COMMENT, TAKE, TAKE_COMMENT, append_bytes,
    append_bytes_of, append_str, append_str_of, append_text,
};

/// One of them; the order is that in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Helper {
    /// `__bpf_layout_zero_u8()`: zeroes memory of this alignment.
    Zero1,
    /// `__bpf_layout_zero_u16()`
    Zero2,
    /// `__bpf_layout_zero_u32()`
    Zero4,
    /// `__bpf_layout_zero_u64()`
    Zero8,
    /// `__bpf_layout_read_kernel()`: reads a string into a field.
    ReadKernel,
    /// `__bpf_layout_read_user()`
    ReadUser,
    /// `__bpf_layout_reserve()`: room in a ring buffer.
    Reserve,
    /// `__bpf_layout_lookup()`: a map's value.
    Lookup,
    /// `__bpf_layout_opaque()`: what fields of variable length are bounded with. The others need it.
    Opaque,
    /// `__bpf_layout_append()`: takes down what was added to a record.
    Append,
    /// `__bpf_layout_append_str()`: adds a string to a record, by whichever helper reads it.
    AppendStr,
    /// `__bpf_layout_append_str_kernel()`
    AppendStrKernel,
    /// `__bpf_layout_append_str_user()`
    AppendStrUser,
    /// `__bpf_layout_append_bytes()`: adds bytes to a record, likewise.
    AppendBytes,
    /// `__bpf_layout_append_bytes_kernel()`
    AppendBytesKernel,
    /// `__bpf_layout_append_bytes_user()`
    AppendBytesUser,
    /// `__bpf_layout_append_text()`: adds a text of known length to a record.
    AppendText,
    /// `__bpf_layout_send()`: copies a record into a ring buffer.
    Send,
    /// `__bpf_layout_perf_send()`: copies a record into this CPU's perf buffer.
    PerfSend,
    /// `__bpf_layout_copy_text()`: copies a text of known length into a field.
    CopyText,
    /// `__bpf_layout_intern_begin()`: what a CPU puts strings together in. The others need it.
    InternBegin,
    /// `__bpf_layout_intern_same()`: compares two strings.
    InternSame,
    /// `__bpf_layout_intern()`: the id of a string.
    Intern,
    /// `__bpf_layout_take()`: a room that nobody else has.
    Take,
    /// `__bpf_layout_give()`: gives it back.
    Give,
    /// `__bpf_layout_submit()`: hands a record of a ring buffer to its reader.
    Submit,
    /// `__bpf_layout_wakeup()`: whether a record wakes the reader.
    Wakeup,
}

impl Helper {
    /// The function that zeroes memory of this alignment.
    pub(super) const fn zero(align: u32) -> Self {
        match align {
            1 => Helper::Zero1,
            2 => Helper::Zero2,
            4 => Helper::Zero4,
            _ => Helper::Zero8,
        }
    }

    /// What C calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Helper::Zero1 => "__bpf_layout_zero_u8",
            Helper::Zero2 => "__bpf_layout_zero_u16",
            Helper::Zero4 => "__bpf_layout_zero_u32",
            Helper::Zero8 => "__bpf_layout_zero_u64",
            Helper::ReadKernel => "__bpf_layout_read_kernel",
            Helper::ReadUser => "__bpf_layout_read_user",
            Helper::Reserve => "__bpf_layout_reserve",
            Helper::Lookup => "__bpf_layout_lookup",
            Helper::Opaque => "__bpf_layout_opaque",
            Helper::Append => "__bpf_layout_append",
            Helper::AppendStr => "__bpf_layout_append_str",
            Helper::AppendStrKernel => "__bpf_layout_append_str_kernel",
            Helper::AppendStrUser => "__bpf_layout_append_str_user",
            Helper::AppendBytes => "__bpf_layout_append_bytes",
            Helper::AppendBytesKernel => "__bpf_layout_append_bytes_kernel",
            Helper::AppendBytesUser => "__bpf_layout_append_bytes_user",
            Helper::AppendText => "__bpf_layout_append_text",
            Helper::Send => "__bpf_layout_send",
            Helper::PerfSend => "__bpf_layout_perf_send",
            Helper::CopyText => "__bpf_layout_copy_text",
            Helper::InternBegin => "__bpf_layout_intern_begin",
            Helper::InternSame => "__bpf_layout_intern_same",
            Helper::Intern => "__bpf_layout_intern",
            Helper::Take => "__bpf_layout_take",
            Helper::Give => "__bpf_layout_give",
            Helper::Submit => "__bpf_layout_submit",
            Helper::Wakeup => "__bpf_layout_wakeup",
        }
    }

    /// The function that this one calls, beside those that all of its kind need.
    pub(super) const fn calls(self) -> Option<Helper> {
        match self {
            Helper::AppendStrKernel | Helper::AppendStrUser => Some(Helper::AppendStr),
            Helper::AppendBytesKernel | Helper::AppendBytesUser => Some(Helper::AppendBytes),
            _ => None,
        }
    }

    /// What the reader of the header should know, once for those of a kind.
    const fn comment(self) -> &'static str {
        match self {
            Helper::Zero1 | Helper::Zero2 | Helper::Zero4 | Helper::Zero8 => ZERO_COMMENT,
            Helper::ReadKernel | Helper::ReadUser => READ_COMMENT,
            Helper::Opaque => OPAQUE_COMMENT,
            Helper::Append => APPEND_COMMENT,
            Helper::AppendStr | Helper::AppendStrKernel | Helper::AppendStrUser => APPEND_STR_COMMENT,
            Helper::AppendBytes | Helper::AppendBytesKernel | Helper::AppendBytesUser => APPEND_BYTES_COMMENT,
            Helper::AppendText => APPEND_TEXT_COMMENT,
            Helper::Send => SEND_COMMENT,
            Helper::PerfSend => PERF_SEND_COMMENT,
            Helper::CopyText => intern::COPY_TEXT_COMMENT,
            Helper::InternBegin => intern::BEGIN_COMMENT,
            Helper::InternSame => intern::SAME_COMMENT,
            Helper::Intern => intern::INTERN_COMMENT,
            Helper::Wakeup => WAKEUP_COMMENT,
            Helper::Take | Helper::Give => TAKE_COMMENT,
            Helper::Reserve | Helper::Lookup | Helper::Submit => "",
        }
    }

    fn definition(self) -> String {
        match self {
            Helper::Zero1 => zero("__u8", 1),
            Helper::Zero2 => zero("__u16", 2),
            Helper::Zero4 => zero("__u32", 4),
            Helper::Zero8 => zero("__u64", 8),
            // Numbers of helpers: enum bpf_func_id in include/uapi/linux/bpf.h.
            Helper::ReadKernel => read("kernel", 113, 115),
            Helper::ReadUser => read("user", 112, 114),
            Helper::Reserve => RESERVE.to_owned(),
            Helper::Lookup => LOOKUP.to_owned(),
            Helper::Opaque => OPAQUE.to_owned(),
            Helper::Append => APPEND.to_owned(),
            Helper::AppendStr => append_str(),
            Helper::AppendStrKernel => append_str_of("kernel", 115),
            Helper::AppendStrUser => append_str_of("user", 114),
            Helper::AppendBytes => append_bytes(),
            Helper::AppendBytesKernel => append_bytes_of("kernel", 113),
            Helper::AppendBytesUser => append_bytes_of("user", 112),
            Helper::AppendText => append_text(),
            Helper::Send => SEND.to_owned(),
            Helper::PerfSend => PERF_SEND.to_owned(),
            Helper::CopyText => intern::copy_text(),
            Helper::InternBegin => intern::BEGIN.to_owned(),
            Helper::InternSame => intern::SAME.to_owned(),
            Helper::Intern => intern::intern(),
            Helper::Take => TAKE.to_owned(),
            Helper::Give => GIVE.to_owned(),
            Helper::Submit => SUBMIT.to_owned(),
            Helper::Wakeup => WAKEUP.to_owned(),
        }
    }
}

/// The first lines of a shared function that gives a length or an error.
fn head(name: &str, parameters: &[&str]) -> String {
    let mut out = Out::default();
    out.signature(INLINE_LONG, &[name], parameters);
    out.finish().trim_end().to_owned()
}

/// What every function under `#ifdef __BPF__` starts with.
pub(super) fn basics(out: &mut Out) {
    out.verbatim(BASICS);
}

/// The shared functions that are used.
pub(super) fn definitions(out: &mut Out, used: &BTreeSet<Helper>) {
    let mut comment = "";
    for helper in used {
        let guard = helper.name().trim_start_matches('_').to_ascii_uppercase();
        out.blank();
        if comment != helper.comment() {
            comment = helper.comment();
            out.verbatim(comment);
        }
        out.write(format_args!("#ifndef __{guard}"));
        out.write(format_args!("#define __{guard}"));
        out.verbatim(&helper.definition());
        out.line("#endif");
    }
}

// How a type gets into BTF. Compilers describe the types of maps, of global variables, and of the parameters of functions
// that they emit, and nothing that is only written through a pointer, as records of a ring buffer are. What was tried:
//
// - a variable in a section of its own: libbpf says "skipping unrecognized data section" at every load;
// - one in .bss, .data or .rodata: makes a map;
// - one in a section named .debug_*: libbpf skips it silently, but `llvm-strip -g` removes it and leaves BTF that libbpf
//   refuses ("failed to determine size");
// - __builtin_btf_type_id(): a CO-RE relocation, so the object no longer loads on kernels without BTF.
//
// A static function in .text, which libbpf loads only if it is called, has none of these costs. An inlined function that
// names it as the operand of an empty asm makes the compiler emit it exactly where the type is used, and no instruction
// in the program. It survives stripping and `bpftool gen object`.
const BASICS: &str = r#"#ifndef __bpf_layout_inline
#define __bpf_layout_inline static inline __attribute__((always_inline, unused))

/*
 * Functions of this kind are never called, and never loaded into the kernel. A
 * type stays in the object's BTF, where checks find it, as long as something
 * keeps the function that has it as a parameter.
 */
#define __bpf_layout_btf static __attribute__((noinline, unused))
#define __bpf_layout_keep(function) __asm__ volatile("" : : "i"(function))
#endif
"#;

const ZERO_COMMENT: &str = "/*
 * BPF has no memset() to call. clang expands one of up to 128 stores in place,
 * and makes a call of a larger one, as of a loop that does the same, unless the
 * stores are volatile.
 */
";

/// `word` is an integer of `size` bytes.
fn zero(word: &str, size: u32) -> String {
    let name = word.trim_start_matches('_');
    let stores: String = (0..8).map(|index| format!("\t\tword[{index}] = 0;\n")).collect();
    format!(
        r#"__bpf_layout_inline void __bpf_layout_zero_{name}(void *p, unsigned long size)
{{
	typedef {word} __attribute__((may_alias)) word_t;
	volatile word_t *word = (volatile word_t *)p;
	unsigned long words = size / {size};

#ifdef __clang__
	if (words <= 128) {{
		__builtin_memset((word_t *)p, 0, size);
		return;
	}}
#endif
	for (; words >= 8; words -= 8) {{
{stores}		word += 8;
	}}
	for (; words; words--)
		*word++ = 0;
}}
"#
    )
}

const READ_COMMENT: &str = "/*
 * Reads a string into a field of size bytes and returns the bytes written, with
 * the NUL; if src cannot be read, a negative errno, and the field is all zero. Of
 * a string that does not fit, the field gets size - 2 bytes, a NUL, and 0xff as
 * the mark of what was cut, and size + 1 is returned.
 */
";

/// `space` is `kernel` or `user`; the numbers are those of `bpf_probe_read_*` and `bpf_probe_read_*_str`.
fn read(space: &str, probe_read: u32, probe_read_str: u32) -> String {
    // `strncpy_from_user_nofault()` of older kernels, such as Linux 6.1, gives 0 for an empty string.
    let counted = if space == "user" { "len ? len : 1" } else { "len" };
    let head = head(&format!("__bpf_layout_read_{space}"), &["char *field", "__u32 size", "const void *src"]);
    format!(
        r#"{head}
{{
	long (*probe_read)(void *, __u32, const void *) =
		(void *){probe_read}; /* bpf_probe_read_{space}() */
	long (*probe_read_str)(void *, __u32, const void *) =
		(void *){probe_read_str}; /* bpf_probe_read_{space}_str() */
	char last = 0;
	long len;

	/* A field that was filled before may hold the mark. */
	field[size - 1] = 0;
	len = probe_read_str(field, size, src);
	if (len < (long)size)
		return {counted};
	/* What is cut and what just fits differ in the last byte that was read. */
	if (!probe_read(&last, 1, (const char *)src + size - 1) && !last)
		return len;
	if (size > 1) {{
		field[size - 2] = 0;
		field[size - 1] = (char)0xff;
	}}
	return (long)size + 1;
}}
"#
    )
}

const RESERVE: &str = r#"__bpf_layout_inline void *__bpf_layout_reserve(void *ringbuf, __u64 size)
{
	void *(*reserve)(void *, __u64, __u64) =
		(void *)131; /* bpf_ringbuf_reserve() */

	return reserve(ringbuf, size, 0);
}
"#;

const LOOKUP: &str = r#"__bpf_layout_inline void *__bpf_layout_lookup(void *map, __u32 key)
{
	void *(*lookup)(void *, const void *) =
		(void *)1; /* bpf_map_lookup_elem() */

	return lookup(map, &key);
}
"#;

const SUBMIT: &str = r#"__bpf_layout_inline void __bpf_layout_submit(void *record, __u64 flags)
{
	void (*submit)(void *, __u64) = (void *)132; /* bpf_ringbuf_submit() */

	submit(record, flags);
}
"#;

const WAKEUP_COMMENT: &str = "/*
 * Whether the next record wakes the reader: if a share of the buffer was written
 * since one last did, or some time has passed. Where two CPUs find at once that
 * one should, both do, which costs a wake-up and harms nothing.
 */
";

// Positions count bytes since the buffer was made, as unsigned long: on 32 bits, one that has wrapped around is smaller
// than the one before, and the difference so large that the record wakes the reader.
const WAKEUP: &str = r#"struct __bpf_layout_woken {
	__u64 position;
	__u64 time;
};

__bpf_layout_inline __u64
__bpf_layout_wakeup(void *ringbuf, volatile struct __bpf_layout_woken *last,
		    __u64 numerator, __u64 denominator, __u64 nanoseconds)
{
	__u64 (*query)(void *, __u64) = (void *)134; /* bpf_ringbuf_query() */
	__u64 (*ktime_get_ns)(void) = (void *)5; /* bpf_ktime_get_ns() */
	__u64 size = query(ringbuf, 1); /* BPF_RB_RING_SIZE */
	__u64 position = query(ringbuf, 3); /* BPF_RB_PROD_POS */
	__u64 time = ktime_get_ns();

	if (position - last->position < size / denominator * numerator &&
	    time - last->time < nanoseconds)
		return 1; /* BPF_RB_NO_WAKEUP */
	last->position = position;
	last->time = time;
	return 2; /* BPF_RB_FORCE_WAKEUP */
}
"#;
