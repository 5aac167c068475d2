// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/* Fills a ring buffer with 0xaa, then sends records that are initialised and nothing else. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layouts.h"

DEFINE_RING_MAP;
DEFINE_MEDIUM_EVENT_SCRATCH;
DEFINE_OCTETS_EVENT_SCRATCH;
DEFINE_LARGE_EVENT_SCRATCH;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[20480]);
} dirt SEC(".maps");

#define PROGRAMS(event)                                                                           \
	SEC("raw_tp")                                                                             \
	int dirty_##event(void *ctx)                                                              \
	{                                                                                         \
		__u32 zero = 0;                                                                   \
		void *from = bpf_map_lookup_elem(&dirt, &zero);                                   \
		struct event *p = bpf_ringbuf_reserve(&ring, sizeof(*p), 0);                      \
                                                                                                  \
		(void)ctx;                                                                        \
		if (!p)                                                                           \
			return 0;                                                                 \
		if (from)                                                                         \
			bpf_probe_read_kernel(p, sizeof(*p), from);                               \
		bpf_ringbuf_submit(p, 0);                                                         \
		return 1;                                                                         \
	}                                                                                         \
                                                                                                  \
	SEC("raw_tp")                                                                             \
	int send_##event(void *ctx)                                                               \
	{                                                                                         \
		struct event *p = event##_reserve(&ring);                                         \
                                                                                                  \
		(void)ctx;                                                                        \
		if (!p)                                                                           \
			return 0;                                                                 \
		bpf_ringbuf_submit(p, 0);                                                         \
		return 1;                                                                         \
	}

PROGRAMS(small_event)
PROGRAMS(medium_event)
PROGRAMS(octets_event)
PROGRAMS(large_event)

/* From what a per-CPU copy was left with. */
#define SCRATCH(event)                                                                            \
	SEC("raw_tp")                                                                             \
	int scratch_##event(void *ctx)                                                            \
	{                                                                                         \
		__u32 zero = 0;                                                                   \
		void *from = bpf_map_lookup_elem(&dirt, &zero);                                   \
		struct event *p = event##_scratch();                                              \
                                                                                                  \
		(void)ctx;                                                                        \
		if (!p || !from)                                                                  \
			return 0;                                                                 \
		bpf_probe_read_kernel(p, sizeof(*p), from);                                       \
		event##_init(p);                                                                  \
		return !bpf_ringbuf_output(&ring, p, sizeof(*p), 0);                              \
	}

SCRATCH(medium_event)
SCRATCH(octets_event)
SCRATCH(large_event)

/* On the stack, where the verifier wants every byte to be set before a helper reads it. */
SEC("raw_tp")
int stack_small_event(void *ctx)
{
	struct small_event event;

	(void)ctx;
	small_event_init(&event);
	return !bpf_ringbuf_output(&ring, &event, sizeof(event), 0);
}

char LICENSE[] SEC("license") = "GPL";
