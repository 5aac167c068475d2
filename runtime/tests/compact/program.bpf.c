/*
 * Sends an event a run. `send` does so to one of two buffers: two compact ones and a fixed one take turns, and no two have the
 * same bytes. `send_argv` sends what the caller has in its memory.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layouts.h"

DEFINE_OPEN_EVENT_SCRATCH;
DEFINE_EXIT_EVENT_SCRATCH;
DEFINE_RING_MAP;
DEFINE_PERF_MAP;

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[512]);
} source SEC(".maps");

static __always_inline long send_open(void *ctx, __u64 to_perf, __u32 number, const char *src)
{
	struct open_event *p = open_event_scratch();

	if (!p)
		return -1000;
	open_event_init(p);
	p->number = number;
	open_event_copy_path(p, src, number * 37 % 300);
	for (__u32 arg = 0; arg < 5; arg++)
		if (arg < number % 6)
			open_event_copy_args(p, src, number % 20);
	return to_perf ? open_event_perf_submit(ctx, &perf, p) : open_event_submit(&ring, p, ring_wakeup());
}

static __always_inline long send_close(void *ctx, __u64 to_perf, __u32 number)
{
	struct close_event *event;

	if (to_perf) {
		struct close_event on_stack;

		close_event_init(&on_stack);
		on_stack.number = number;
		return bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &on_stack, sizeof(on_stack));
	}
	event = close_event_reserve(&ring);
	if (!event)
		return -1000;
	event->number = number;
	ring_submit(event);
	return 0;
}

static __always_inline long send_exit(void *ctx, __u64 to_perf, __u32 number, const char *src)
{
	struct exit_event *p = exit_event_scratch();

	if (!p)
		return -1000;
	exit_event_init(p);
	p->number = number;
	exit_event_read_reason_kernel(p, src, number * 7 % 80);
	return to_perf ? exit_event_perf_submit(ctx, &perf, p) : exit_event_submit(&ring, p, ring_wakeup());
}

/* The arguments are whether it goes to the perf buffer, and a number. */
SEC("raw_tp")
int send(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 zero = 0, number = ctx->args[1];
	const char *src = bpf_map_lookup_elem(&source, &zero);

	if (!src)
		return -1;
	if (number % 3 == 0)
		return (int)send_open(ctx, ctx->args[0], number, src);
	if (number % 3 == 1)
		return (int)send_close(ctx, ctx->args[0], number);
	return (int)send_exit(ctx, ctx->args[0], number, src);
}

#define ARGS 16

/* As docs/generated-code.md shows it. */
static __always_inline void read_args(struct open_event *e,
				      const char *const *argv)
{
	const char *arg;

	for (int i = 0; i <= ARGS; i++) {
		if (bpf_probe_read_user(&arg, sizeof(arg), &argv[i]))
			break;
		if (!arg)
			return;
		if (i == ARGS || open_event_read_args_user(e, arg) < 0)
			break;
	}
	/* There are more, or a page is not in memory. */
	open_event_cut_args(e);
}

/* Sends an event to the ring buffer with the strings of an array in the memory of the caller, which is the argument. */
SEC("raw_tp")
int send_argv(struct bpf_raw_tracepoint_args *ctx)
{
	struct open_event *p = open_event_scratch();

	if (!p)
		return -1;
	open_event_init(p);
	read_args(p, (void *)ctx->args[0]);
	return (int)open_event_submit(&ring, p, ring_wakeup());
}
