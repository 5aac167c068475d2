//! Functions that enter a string into a dictionary.
//!
//! What verifiers since that of Linux 5.10 accept (older ones were not asked), for strings of up to 4096 bytes: loops over
//! words have a constant bound, and each round reads the string's size anew. A copy of it in a register would be known to be
//! another number in each round, and the verifier would follow what comes after the loop once for each.

use bpf_layout_spec::model::Intern;

use super::head;

pub(super) const COPY_TEXT_COMMENT: &str = "/*
 * Copies a text of len bytes into a field of size bytes, as the functions that
 * read one do.
 */
";

pub(super) fn copy_text() -> String {
    let head = head("__bpf_layout_copy_text", &["char *field", "__u32 size", "const void *src", "__u32 len"]);
    format!(
        r#"{head}
{{
	long (*probe_read)(void *, __u32, const void *) =
		(void *)113; /* bpf_probe_read_kernel() */
	__u64 bytes = len;
	long err;

	/* A field that was filled before may hold the mark. */
	field[size - 1] = 0;
	__bpf_layout_opaque(bytes);
	if (bytes > size - 1)
		bytes = size - 1;
	__bpf_layout_bound(bytes, size - 1);
	err = probe_read(field, (__u32)bytes, src);
	if (err)
		return err;
	field[bytes] = 0;
	if (len < size)
		return (long)len + 1;
	if (size > 1) {{
		field[size - 2] = 0;
		field[size - 1] = (char)0xff;
	}}
	return (long)size + 1;
}}
"#
    )
}

pub(super) const BEGIN_COMMENT: &str = "/*
 * A string in a dictionary, and what a CPU puts one together in: how the structs
 * of every dictionary lie. A program that interrupts another one at this, or is
 * scheduled in between, finds it busy.
 */
";

pub(super) const BEGIN: &str = r#"typedef __u64 __attribute__((may_alias)) __bpf_layout_word;

struct __bpf_layout_interned {
	__u64 used;
	__u32 size;
	__u32 _pad0;
	__bpf_layout_word text[];
};

struct __bpf_layout_interning {
	__u64 busy;
	__u64 hits;
	__u64 inserts;
	__u64 lost_full;
	__u64 lost_collision;
	__u64 lost_unreadable;
	__u64 lost_busy;
	struct __bpf_layout_interned string;
};

__bpf_layout_inline void *__bpf_layout_intern_begin(void *interning)
{
	void *(*lookup)(void *, const void *) =
		(void *)1; /* bpf_map_lookup_elem() */
	struct __bpf_layout_interning *p;
	__u32 key = 0;

	p = lookup(interning, &key);
	if (!p)
		return 0;
	__atomic_fetch_add(&p->busy, 1, __ATOMIC_RELAXED);
	if (*(volatile __u64 *)&p->busy == 1)
		return p;
	__atomic_fetch_add(&p->lost_busy, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&p->busy, -1ULL, __ATOMIC_RELAXED);
	return 0;
}
"#;

pub(super) const SAME_COMMENT: &str = "/* Whether a string is the one that was put together. */
";

pub(super) const SAME: &str = r#"__bpf_layout_inline int
__bpf_layout_intern_same(const struct __bpf_layout_interned *entry,
			 const struct __bpf_layout_interned *string, __u32 room)
{
	volatile const __u32 *size = &string->size;
	__u32 i;

	if (entry->size != *size)
		return 0;
	for (i = 0; i < (room + 7) / 8; i++) {
		if (i * 8 >= *size)
			break;
		if (entry->text[i] != string->text[i])
			return 0;
	}
	return 1;
}
"#;

pub(super) const INTERN_COMMENT: &str = "/*
 * Finds or enters the string that was put together, len bytes with its NUL, and
 * gives its id. That is a hash of the string, or one of the next numbers if other
 * strings have it. Tests make strings collide with BPF_LAYOUT_INTERN_HASH_BITS.
 */
";

// The hash takes 8 bytes a round: xor, multiply, and shift the high bits, which depend on all lower ones, down. The end is
// that of MurmurHash3 (public domain), so that every bit of the string may change every bit of the hash.
pub(super) fn intern() -> String {
    INTERN.replace("PROBES", &Intern::PROBES.to_string())
}

const INTERN: &str = r#"__bpf_layout_inline __u64
__bpf_layout_intern_hash(struct __bpf_layout_interned *string, __u32 room)
{
	volatile const __u32 *size = &string->size;
	__u64 hash = 0x9e3779b97f4a7c15ULL, word;
	__u32 i, left;

	for (i = 0; i < (room + 7) / 8; i++) {
		left = *size;
		if (i * 8 >= left)
			break;
		left -= i * 8;
		word = string->text[i];
		/* Bytes behind the string are no part of it. */
		if (left < 8) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
			word &= ~0ULL >> (64 - left * 8);
#else
			word &= ~0ULL << (64 - left * 8);
#endif
			string->text[i] = word;
		}
		hash = (hash ^ word) * 0xff51afd7ed558ccdULL;
		hash ^= hash >> 32;
	}
	hash ^= *size;
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdULL;
	hash ^= hash >> 33;
	hash *= 0xc4ceb9fe1a85ec53ULL;
	hash ^= hash >> 33;
#ifdef BPF_LAYOUT_INTERN_HASH_BITS
	hash &= (1ULL << BPF_LAYOUT_INTERN_HASH_BITS) - 1;
#endif
	return hash;
}

__bpf_layout_inline __u64 __bpf_layout_intern_find(
	void *strings, struct __bpf_layout_interning *p, __u32 room)
{
	void *(*lookup)(void *, const void *) =
		(void *)1; /* bpf_map_lookup_elem() */
	long (*update)(void *, const void *, const void *, __u64) =
		(void *)2; /* bpf_map_update_elem() */
	__u64 (*ktime)(void) = (void *)125; /* bpf_ktime_get_boot_ns() */
	__u64 hash = __bpf_layout_intern_hash(&p->string, room);
	__u64 now = ktime(), id, unused = 0;
	volatile const __u32 *size = &p->string.size;
	struct __bpf_layout_interned *entry;
	__u32 i;
	long err;

	for (i = 0; i < PROBES; i++) {
		id = hash + i;
		if (!id)
			continue;
		entry = lookup(strings, &id);
		if (!entry) {
			if (!unused)
				unused = id;
			continue;
		}
		if (!__bpf_layout_intern_same(entry, &p->string, room))
			continue;
		/* Not at every hit: CPUs would wait for one another's cache lines. */
		if (now - entry->used <= 1ULL << 30)
			goto hit;
		/* Userspace may just remove what is old: it is entered again. */
		entry->used = now;
		unused = id;
		break;
	}
	if (!unused) {
		p->lost_collision++;
		return 0;
	}
	for (i = 0; i < (room + 7) / 8; i++) {
		if (i * 8 >= *size)
			p->string.text[i] = 0;
	}
	p->string.used = now;
	id = unused;
	err = update(strings, &id, &p->string, 1); /* BPF_NOEXIST */
	if (!err) {
		p->inserts++;
		return id;
	}
	if (err != -17) { /* EEXIST: it is there, or another CPU was faster */
		p->lost_full++;
		return 0;
	}
	entry = lookup(strings, &id);
	if (!entry || !__bpf_layout_intern_same(entry, &p->string, room)) {
		p->lost_collision++;
		return 0;
	}
hit:
	p->hits++;
	return id;
}

__bpf_layout_inline __u64 __bpf_layout_intern(void *strings, void *interning,
					      __u32 room, long len)
{
	struct __bpf_layout_interning *p = interning;
	__u64 id = 0;

	if (len < 0) {
		p->lost_unreadable++;
	} else {
		/* Of a string that was cut, all bytes count, with its mark. */
		p->string.size = len > (long)room ? room : (__u32)len;
		id = __bpf_layout_intern_find(strings, p, room);
	}
	__atomic_fetch_add(&p->busy, -1ULL, __ATOMIC_RELAXED);
	return id;
}
"#;
