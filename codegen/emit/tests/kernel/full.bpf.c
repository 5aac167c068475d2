// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/* Sends a record a run, to a buffer that may be full, and one of which the length cannot be. */
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
	__type(value, char[1000]);
} source SEC(".maps");

/* The arguments are whether it goes to the perf buffer, its number, and bytes of data. */
SEC("raw_tp")
int send(struct bpf_raw_tracepoint_args *ctx)
{
	struct sent_event *p = sent_event_scratch();
	__u32 zero = 0;
	const char *src = bpf_map_lookup_elem(&source, &zero);

	if (!p)
		return -1000;
	sent_event_init(p);
	p->number = (__u16)ctx->args[1];
	if (!src || sent_event_read_data_kernel(p, src, (__u32)ctx->args[2]) < 0) {
		sent_event_discard(p);
		return -1001;
	}
	return (int)(ctx->args[0] ? sent_event_perf_submit(ctx, &perf, p) : sent_event_submit(&ring, p, 0));
}

/* A record that is said to have so many bytes: the second argument. */
SEC("raw_tp")
int send_as_if(struct bpf_raw_tracepoint_args *ctx)
{
	struct sent_event *p = sent_event_scratch();

	if (!p)
		return -1000;
	sent_event_init(p);
	__bpf_layout_room(p, struct sent_event_room)->used = ctx->args[1];
	return (int)(ctx->args[0] ? sent_event_perf_submit(ctx, &perf, p) : sent_event_submit(&ring, p, 0));
}

/* Adds to one; the argument is how. */
SEC("raw_tp")
int add_as_if(struct bpf_raw_tracepoint_args *ctx)
{
	struct sent_event *p = sent_event_scratch();
	__u32 zero = 0;
	const char *src = bpf_map_lookup_elem(&source, &zero);
	long err = -1001;

	if (!p)
		return -1000;
	sent_event_init(p);
	__bpf_layout_room(p, struct sent_event_room)->used = ctx->args[1];
	if (src) {
		if (ctx->args[0] == 0)
			err = sent_event_read_data_kernel(p, src, 1);
		else if (ctx->args[0] == 1)
			err = sent_event_read_text_kernel(p, src);
		else
			err = sent_event_copy_text(p, src, 1);
	}
	/* Nothing is taken down of what was not added. */
	if (err < 0 && (p->data.len || p->text.len))
		err = -1002;
	sent_event_discard(p);
	return (int)err;
}

/* Sends what nobody has initialised. */
SEC("raw_tp")
int send_fresh(struct bpf_raw_tracepoint_args *ctx)
{
	struct sent_event *p = sent_event_scratch();

	if (!p)
		return -1000;
	return (int)(ctx->args[0] ? sent_event_perf_submit(ctx, &perf, p) : sent_event_submit(&ring, p, 0));
}

char LICENSE[] SEC("license") = "GPL";
