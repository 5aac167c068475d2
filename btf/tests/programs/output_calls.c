/* Every way to hand a record to userspace, and ways that nobody can follow. */
typedef unsigned int __u32;
typedef unsigned long long __u64;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]
#define OUTLINED static __attribute__((noinline))

#define reserve ((void *(*)(void *, __u64, __u64))131)
#define submit ((void (*)(void *, __u64))132)
#define output ((long (*)(void *, void *, __u64, __u64))130)
#define reserve_dynptr ((long (*)(void *, __u32, __u64, void *))198)
#define submit_dynptr ((void (*)(void *, __u64))199)
#define perf_output ((long (*)(void *, void *, __u64, void *, __u64))25)
#define skb_output ((long (*)(void *, void *, __u64, void *, __u64))111)
#define xdp_output ((long (*)(void *, void *, __u64, void *, __u64))121)
#define cpu ((__u32(*)(void))8)

struct record {
	__u64 time;
	__u32 pid;
	char comm[16];
};

struct {
	__uint(type, 27);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sys_enter")
int reserves(void *ctx)
{
	struct record *r = reserve(&ring, sizeof(*r), 0); /* reserves */

	if (r)
		submit(r, 0);
	return 0;
}

SEC("raw_tp/sys_enter")
int outputs(void *ctx)
{
	struct record r = { .time = 1 };

	output(&ring, &r, sizeof(r), 0); /* outputs */
	perf_output(ctx, &perf, 0xffffffff, &r, sizeof(r) - 8); /* perf */
	return 0;
}

SEC("xdp")
int packets(void *ctx)
{
	struct record r = { .time = 1 };

	skb_output(ctx, &perf, 0, &r, 24); /* skb */
	xdp_output(ctx, &perf, 0, &r, 16); /* xdp */
	return 0;
}

SEC("raw_tp/sys_exit")
int dynptrs(void *ctx)
{
	__u64 pointer[2];

	reserve_dynptr(&ring, 40, 0, pointer); /* dynptr */
	submit_dynptr(pointer, 0);
	return 0;
}

/* The call of another function forgets arguments, but not what outlives calls. */
SEC("raw_tp/sys_exit")
int loops(void *ctx)
{
	for (__u32 i = 0; i < cpu(); i++) {
		struct record *r = reserve(&ring, sizeof(*r), 0); /* loops */

		if (!r)
			continue;
		r->pid = i;
		submit(r, 0);
	}
	return 0;
}

OUTLINED long any_map(void *map, struct record *r)
{
	return output(map, r, 8, 0); /* any_map */
}

OUTLINED long any_size(__u64 size, struct record *r)
{
	return output(&ring, r, size, 0); /* any_size */
}

SEC("raw_tp/sys_exit")
int arguments(void *ctx)
{
	struct record r = { .time = 1 };
	void *map = &ring;
	__u64 size = sizeof(r);

	/* Otherwise clang sees what arrives, and puts it where it is needed. */
	__asm__ volatile("" : "+r"(map), "+r"(size));
	any_map(map, &r);
	any_size(size, &r);
	return 0;
}

/* One call, two sizes. */
SEC("raw_tp/sys_exit")
int either(void *ctx)
{
	struct record r = { .time = 1 };
	__u64 size = 8;

	if (cpu() & 1)
		size = 16;
	output(&ring, &r, size, 0); /* either */
	return 0;
}

/* One call, two maps. */
SEC("raw_tp/sys_exit")
int either_map(void *ctx)
{
	struct record r = { .time = 1 };
	void *map = &ring;

	if (cpu() & 1)
		map = &perf;
	output(map, &r, sizeof(r), 0); /* either_map */
	return 0;
}
