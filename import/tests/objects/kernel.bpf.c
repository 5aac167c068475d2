/* Fields that the kernel manages, and types that are its own. */
#include "bpf.h"

struct bpf_spin_lock {
	__u32 val;
};

struct bpf_timer {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct iphdr {
	__u8 bytes[20];
};

struct sock;
struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

struct guarded {
	struct bpf_spin_lock lock;
	__u32 count;
	struct bpf_timer timer;
	struct sock *sk;
	struct iphdr header;
};

struct {
	__uint(type, 1);
	__uint(max_entries, 128);
	__type(key, __u32);
	__type(value, struct guarded);
} guards SEC(".maps");

struct {
	__uint(type, 1);
	__uint(max_entries, 128);
	__type(key, __u32);
	__type(value, struct task_struct);
} tasks SEC(".maps");

SEC("raw_tp/sys_enter")
int program(struct task_struct *task)
{
	return task->pid;
}
