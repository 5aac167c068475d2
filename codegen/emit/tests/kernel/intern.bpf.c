// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/* Interns a string of user memory, and tells what became of it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layouts.h"

DEFINE_COMM_INTERN;

struct found {
	__u64 id;
	__u64 inserts, hits, unreadable, busy;
	char text[COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct found);
} found SEC(".maps");

/* The argument is an address. */
SEC("raw_tp")
int intern(struct bpf_raw_tracepoint_args *ctx)
{
	struct comm_id id = comm_intern_user((const void *)ctx->args[0]);
	const struct comm_string *string = comm_interned(id);
	__u32 zero = 0;
	const struct comm_interning *counts = bpf_map_lookup_elem(&comm_interning, &zero);
	struct found *p = bpf_map_lookup_elem(&found, &zero);

	if (!p || !counts)
		return -1;
	__builtin_memset(p, 0, sizeof(*p));
	p->id = id.id;
	p->inserts = counts->inserts;
	p->hits = counts->hits;
	p->unreadable = counts->lost_unreadable;
	p->busy = counts->lost_busy;
	if (string)
		__builtin_memcpy(p->text, string->text, sizeof(p->text));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
