// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/* Builds records of one event at the same time, as programs do that interrupt one another. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layouts.h"

DEFINE_SENT_EVENT_SCRATCH;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[16]);
} source SEC(".maps");

static __always_inline void fill(struct sent_event *p, __u16 number, const char *text)
{
	sent_event_init(p);
	p->number = number;
	sent_event_copy_text(p, text, number);
}

/* Three records, of which each is begun before the last is sent, and the first is sent first, as tasks may do. */
SEC("raw_tp")
int nested(void *ctx)
{
	struct sent_event *first, *second, *third;
	__u32 zero = 0;
	const char *text = bpf_map_lookup_elem(&source, &zero);

	(void)ctx;
	if (!text)
		return -1;
	first = sent_event_scratch();
	if (!first)
		return -2;
	fill(first, 1, text);
	second = sent_event_scratch();
	if (!second)
		return -3;
	fill(second, 2, text);
	third = sent_event_scratch();
	if (!third)
		return -4;
	fill(third, 3, text);
	/* No room is left, and the record counts as lost. */
	if (sent_event_scratch())
		return -5;
	if (sent_event_submit(&ring, first, 0))
		return -6;
	/* Now there is one. */
	first = sent_event_scratch();
	if (!first)
		return -7;
	fill(first, 4, text);
	sent_event_discard(second);
	if (sent_event_submit(&ring, third, 0))
		return -8;
	return (int)sent_event_submit(&ring, first, 0);
}

/* A program that forgets its room. */
SEC("raw_tp")
int forgetful(void *ctx)
{
	(void)ctx;
	return !sent_event_scratch();
}

char LICENSE[] SEC("license") = "GPL";
