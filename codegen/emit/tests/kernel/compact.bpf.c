// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/* Fills the one event of a random spec, field by field; kernel_compact.rs puts MARKS and CASES in. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layouts.h"

DEFINE_SENT_EVENT_SCRATCH;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[8192]);
} source SEC(".maps");

SEC("raw_tp")
int start(void *ctx)
{
	struct sent_event *p = sent_event_scratch();
	volatile unsigned char *bytes = (volatile unsigned char *)p;
	volatile __u64 bits = 0;
	unsigned int i;

	(void)ctx;
	(void)bits;
	if (!p)
		return -1;
	/* What init leaves of this is seen. */
	for (i = 0; i < sizeof(*p); i++)
		bytes[i] = 0xaa;
	sent_event_init(p);
	MARKS
	/* Of several rooms the first that is free is taken, so that the next program has this one again. */
	sent_event_discard(p);
	return 0;
}

/* The arguments are the field, how it is filled, an address, and a length. */
static __always_inline long fill_field(struct sent_event *p, const char *src, __u64 field, __u64 how,
				       const void *address, __u32 len)
{
	switch (field) {
	CASES
	}
	return -1000;
}

SEC("raw_tp")
int fill(struct bpf_raw_tracepoint_args *ctx)
{
	struct sent_event *p = sent_event_scratch();
	__u32 zero = 0;
	const char *src = bpf_map_lookup_elem(&source, &zero);
	int result = -1000;

	if (!p)
		return -1000;
	if (src)
		result = (int)fill_field(p, src, ctx->args[0], ctx->args[1], (const void *)ctx->args[2],
					 (__u32)ctx->args[3]);
	sent_event_discard(p);
	return result;
}

SEC("raw_tp")
int send(void *ctx)
{
	struct sent_event *p = sent_event_scratch();

	(void)ctx;
	return p ? (int)sent_event_submit(&ring, p, 0) : -1000;
}

SEC("raw_tp")
int perf_send(struct bpf_raw_tracepoint_args *ctx)
{
	struct sent_event *p = sent_event_scratch();

	return p ? (int)sent_event_perf_submit(ctx, &perf, p) : -1000;
}

SEC("raw_tp")
int lost(void *ctx)
{
	struct sent_event *p = sent_event_scratch();

	(void)ctx;
	return p ? (int)__bpf_layout_room(p, struct sent_event_room)->lost : -1000;
}

char LICENSE[] SEC("license") = "GPL";
