//! Functions that add fields of variable length to a record, and send it.
//!
//! What verifiers since that of Linux 5.10 accept (older ones were not asked): before each write, the place is compared with
//! a constant that is as far in front of the end as the write is long, in the register that the write then uses. Nothing is
//! masked, so no length has to be a power of two.
//!
//! That it is the same register has to be said to compilers. Where there are too few, they save a value on the stack, compare
//! the register, and use what they saved; a verifier such as that of Linux 5.10 then knows nothing of it. So the comparison
//! that counts for the verifier is one of two instructions that no compiler looks into, and what it leaves is what is used.

use super::{super::out::Out, head};

pub(super) const OPAQUE_COMMENT: &str = "/*
 * Keeps compilers from what they know of a value: they leave out comparisons that
 * they take for granted, and compare copies, and the verifier needs to see that
 * of the register that is used.
 */
";

pub(super) const OPAQUE: &str = r#"#define __bpf_layout_opaque(value) __asm__ volatile("" : "+r"(value))

/* For a value that is no larger than most: lets the verifier see that, too. */
#ifdef __clang__
#define __bpf_layout_bound(value, most)                  \
	__asm__ volatile("if %0 <= %1 goto +1\n\t%0 = 0" \
			 : "+r"(value)                   \
			 : "ri"((__u64)(most)))
#else
#define __bpf_layout_bound(value, most) __bpf_layout_opaque(value)
#endif

/* The room that a record of fields of variable length grows in. */
#define __bpf_layout_room(p, type) \
	((type *)(void *)((char *)(p) - __builtin_offsetof(type, record)))
"#;

pub(super) const APPEND_COMMENT: &str = "/*
 * Takes down that len bytes were added to a field where the record ended. More
 * than limit, and the rest is cut off.
 */
";

pub(super) const APPEND: &str = r#"__bpf_layout_inline long __bpf_layout_append(struct bpf_layout_tail *tail,
					     __u64 *used, __u64 at, __u32 limit,
					     long len)
{
	__u32 kept = len > (long)limit ? limit : (__u32)len;

	if (!(tail->len & 0x7fff))
		tail->offset = (__u16)at;
	tail->len = (__u16)(tail->len + kept);
	if (len > (long)limit)
		tail->len |= 0x8000;
	*used = at + kept;
	return len;
}
"#;

pub(super) const APPEND_STR_COMMENT: &str = "/*
 * Reads a string to the end of a record, straight into its place. The byte
 * behind the limit tells what was cut from what just fits. If all of the field
 * has no room for another one, that is marked as cut, too.
 */
";

/// Reads by the helper that it is given, which inlining makes a number again.
pub(super) fn append_str() -> String {
    let head = adding("__bpf_layout_append_str", Some(READER), &["const void *src"]);
    format!(
        r#"{head}
{{
	__u32 filled = tail->len & 0x7fff;
	__u64 at = *used;
	long len;

{ROOM_FOR_ONE}	len = read((char *)record + at, limit + 1, src);
	if (len < 0)
		return len;
	if (!len)
		len = 1; /* an empty string, of which not all kernels count the NUL */
	if (len > (long)limit)
		((char *)record)[at + limit - 1] = 0;
	return __bpf_layout_append(tail, used, at, limit, len);
}}
"#
    )
}

/// `space` is `kernel` or `user`; the number is that of `bpf_probe_read_*_str`.
pub(super) fn append_str_of(space: &str, number: u32) -> String {
    reading("str", (space, number, "_str"), &["const void *src"])
}

pub(super) const APPEND_BYTES_COMMENT: &str = "/*
 * Reads bytes to the end of a record, len of them or as many as the field takes.
 */
";

/// As [`append_str`].
pub(super) fn append_bytes() -> String {
    let head = adding("__bpf_layout_append_bytes", Some(READER), &["const void *src", "__u32 len"]);
    format!(
        r#"{head}
{{
	__u64 at = *used, size = len;
	long err;

	(void)most;
	__bpf_layout_opaque(at);
	if (at > last)
		return -22; /* EINVAL: the record was not initialised */
	__bpf_layout_bound(at, last);
	__bpf_layout_opaque(size);
	if (size > limit)
		size = limit;
	__bpf_layout_bound(size, limit);
	err = read((char *)record + at, (__u32)size, src);
	if (err)
		return err;
	return __bpf_layout_append(tail, used, at, limit,
				   (long)size + (len > size));
}}
"#
    )
}

/// `space` is `kernel` or `user`; the number is that of `bpf_probe_read_*`.
pub(super) fn append_bytes_of(space: &str, number: u32) -> String {
    reading("bytes", (space, number, ""), &["const void *src", "__u32 len"])
}

/// A function that gives one of these the helper to read by.
fn reading(what: &str, (space, number, str): (&str, u32, &str), source: &[&str]) -> String {
    let head = adding(&format!("__bpf_layout_append_{what}_{space}"), None, source);
    let reader = READER.replace("read", "probe_read");
    let passed = ["probe_read", "record", "tail", "used", "last", "limit", "most"];
    let source = source.iter().filter_map(|parameter| parameter.rsplit([' ', '*']).next());
    let passed: Vec<&str> = passed.into_iter().chain(source).collect();
    let mut out = Out::default();
    out.line(&head);
    out.body(|out| {
        out.write(format_args!("{reader} ="));
        out.write(format_args!("\t(void *){number}; /* bpf_probe_read_{space}{str}() */"));
        out.blank();
        out.call(&["return __bpf_layout_append_", what], &passed, ";");
    });
    out.finish()
}

pub(super) const APPEND_TEXT_COMMENT: &str = "/*
 * Copies a text of len bytes to the end of a record, or as much of it as the
 * field takes, and ends it with a NUL.
 */
";

pub(super) fn append_text() -> String {
    let head = adding("__bpf_layout_append_text", None, &["const void *src", "__u32 len"]);
    format!(
        r#"{head}
{{
	long (*probe_read)(void *, __u32, const void *) =
		(void *)113; /* bpf_probe_read_kernel() */
	__u32 filled = tail->len & 0x7fff;
	__u64 at = *used, size = len;
	long err;

{ROOM_FOR_ONE}	__bpf_layout_opaque(size);
	if (size > limit - 1)
		size = limit - 1;
	__bpf_layout_bound(size, limit - 1);
	err = probe_read((char *)record + at, (__u32)size, src);
	if (err)
		return err;
	((char *)record + at)[size] = 0;
	return __bpf_layout_append(tail, used, at, limit,
				   (long)size + 1 + (len > size));
}}
"#
    )
}

/// Where a string is added: behind those of its field, if there are some, with room for the longest.
const ROOM_FOR_ONE: &str = "	if (filled && tail->offset + filled != at)
		return -16; /* EBUSY: another field was filled since */
	if (filled + limit > most) {
		tail->len |= 0x8000;
		return -7; /* E2BIG */
	}
	__bpf_layout_opaque(at);
	if (at > last)
		return -22; /* EINVAL: the record was not initialised */
	__bpf_layout_bound(at, last);
";

/// A helper that reads bytes or a string.
const READER: &str = "long (*read)(void *, __u32, const void *)";

/// The first lines of a function that adds to a record, by a helper that it may be given. `last` is the last byte where one
/// of `limit` bytes may start, `most` the bytes that the whole field may have.
fn adding(name: &str, reader: Option<&str>, source: &[&str]) -> String {
    let own =
        ["void *record", "struct bpf_layout_tail *tail", "__u64 *used", "__u64 last", "__u32 limit", "__u32 most"];
    let parameters: Vec<&str> = reader.into_iter().chain(own).chain(source.iter().copied()).collect();
    head(name, &parameters)
}

pub(super) const SEND_COMMENT: &str = "/*
 * Copies a record into a ring buffer. bpf_ringbuf_output() does so in one call,
 * since Linux 5.8. With BPF_LAYOUT_DYNPTR the room is reserved first and written
 * through a dynptr, since Linux 5.19.
 */
";

// Numbers of helpers: enum bpf_func_id in include/uapi/linux/bpf.h.
pub(super) const SEND: &str = r#"__bpf_layout_inline long __bpf_layout_output(void *ringbuf, void *record,
					     __u64 size, __u64 flags)
{
#ifdef BPF_LAYOUT_DYNPTR
	long (*reserve)(void *, __u32, __u64, void *) =
		(void *)198; /* bpf_ringbuf_reserve_dynptr() */
	void (*submit)(void *, __u64) =
		(void *)199; /* bpf_ringbuf_submit_dynptr() */
	void (*discard)(void *, __u64) =
		(void *)200; /* bpf_ringbuf_discard_dynptr() */
	long (*write)(void *, __u32, void *, __u32, __u64) =
		(void *)202; /* bpf_dynptr_write() */
	struct {
		__u64 opaque[2];
	} __attribute__((aligned(8))) room; /* struct bpf_dynptr */
	long err = reserve(ringbuf, (__u32)size, 0, &room);

	if (!err)
		err = write(&room, 0, record, (__u32)size, 0);
	if (err)
		discard(&room, 1); /* BPF_RB_NO_WAKEUP */
	else
		submit(&room, flags);
	return err;
#else
	long (*output)(void *, void *, __u64, __u64) =
		(void *)130; /* bpf_ringbuf_output() */

	return output(ringbuf, record, size, flags);
#endif
}

__bpf_layout_inline long __bpf_layout_send(void *ringbuf, void *record,
					   __u64 size, __u64 least, __u64 most,
					   __u64 *lost, __u64 flags)
{
	long err = -22; /* EINVAL: the record was not initialised */

	__bpf_layout_opaque(size);
	if (size >= least) {
		__bpf_layout_opaque(size);
		if (size <= most) {
			__bpf_layout_bound(size, most);
			err = __bpf_layout_output(ringbuf, record, size, flags);
		}
	}
	if (err)
		__sync_fetch_and_add(lost, 1);
	return err;
}
"#;

pub(super) const PERF_SEND_COMMENT: &str = "/* Copies a record into this CPU's perf buffer. */
";

pub(super) const PERF_SEND: &str = r#"__bpf_layout_inline long __bpf_layout_perf_send(void *ctx, void *perfbuf,
						void *record, __u64 size,
						__u64 least, __u64 most,
						__u64 *lost)
{
	long (*output)(void *, void *, __u64, void *, __u64) =
		(void *)25; /* bpf_perf_event_output() */
	long err = -22; /* EINVAL: the record was not initialised */

	__bpf_layout_opaque(size);
	if (size >= least) {
		__bpf_layout_opaque(size);
		if (size <= most) {
			__bpf_layout_bound(size, most);
			err = output(ctx, perfbuf, 0xffffffffULL, record, size);
		}
	}
	if (err)
		__sync_fetch_and_add(lost, 1);
	return err;
}
"#;

pub(super) const TAKE_COMMENT: &str = "/*
 * Takes a room that no program on this CPU has. One that interrupts or preempts
 * us anywhere in here adds to taken as well, so that whoever reads 1 after its own
 * addition is alone, and stays so until it gives the room back. Where all rooms
 * are taken, the record is lost.
 */
";

/// A room begins with three `u64`: `used`, `lost` and `taken`. Nothing is read by the addition itself, which only Linux
/// 5.12 and newer can do.
pub(super) const TAKE: &str = r#"__bpf_layout_inline void *__bpf_layout_take(void *map, __u32 rooms)
{
	__u64 *room;
	__u32 i;

	for (i = 0; i < rooms; i++) {
		room = (__u64 *)__bpf_layout_lookup(map, i);
		if (!room)
			return 0;
		__sync_fetch_and_add(&room[2], 1);
		if (*(volatile __u64 *)&room[2] == 1)
			return room;
		__sync_fetch_and_add(&room[2], -1ULL);
	}
	room = (__u64 *)__bpf_layout_lookup(map, 0);
	if (room)
		__sync_fetch_and_add(&room[1], 1);
	return 0;
}
"#;

pub(super) const GIVE: &str = r#"__bpf_layout_inline void __bpf_layout_give(__u64 *taken)
{
	__sync_fetch_and_add(taken, -1ULL);
}
"#;
