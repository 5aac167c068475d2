/* Records that go to userspace: BTF has a call's size, and the line of C names the type. */
#include "bpf.h"

struct exec_event {
	__u64 time;
	__u32 pid;
	char comm[16];
};

struct exit_event {
	__u64 time;
	__u32 pid;
	int code;
};

struct sample_event {
	__u64 address;
	__u64 time;
	__u32 cpu;
};

/* A global that nothing uses keeps a type in BTF. */
struct exit_event *unused_exit;
struct sample_event *unused_sample;
struct exec_event *unused_exec;

struct {
	__uint(type, 27);
	__uint(max_entries, 262144);
} execs SEC(".maps");

struct {
	__uint(type, 27);
	__uint(max_entries, 262144);
} exits SEC(".maps");

struct {
	__uint(type, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} samples SEC(".maps");

SEC("raw_tp/sys_enter")
int on_exec(void *ctx)
{
	struct exec_event *e = bpf_ringbuf_reserve(&execs, sizeof(struct exec_event), 0);

	if (e) {
		e->time = 1;
		bpf_ringbuf_submit(e, 0);
	}
	return 0;
}

SEC("raw_tp/sys_exit")
int on_exit(void *ctx)
{
	struct exit_event *e = bpf_ringbuf_reserve(&exits, sizeof(*e), 0);

	if (e)
		bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("perf_event")
int on_sample(void *ctx)
{
	struct sample_event e = { .time = 2 };

	bpf_perf_event_output(ctx, &samples, 0xffffffff, &e, sizeof(e));
	return 0;
}
