// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/* Reads strings into every field of the one record, from both kinds of memory. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layouts.h"

DEFINE_RECORDS_MAP;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[8192]);
} source SEC(".maps");

enum field { EMPTY, LETTER, THREE, COMM, ODD, ARGV, GONE, PATH };

/* The first argument is the field, the second an index, the third an address. */
#define READERS(space)                                                                    \
	static __always_inline long read_##space(__u64 *args, const void *src)            \
	{                                                                                 \
		__u32 zero = 0;                                                           \
		struct strings *p = bpf_map_lookup_elem(&records, &zero);                 \
                                                                                          \
		if (!p)                                                                   \
			return -1;                                                        \
		switch (args[0]) {                                                        \
		case EMPTY:                                                               \
			return strings_read_empty_##space(p, src);                        \
		case LETTER:                                                              \
			return strings_read_letter_##space(p, src);                       \
		case THREE:                                                               \
			return strings_read_three_##space(p, src);                        \
		case COMM:                                                                \
			return strings_read_comm_##space(p, src);                         \
		case ODD:                                                                 \
			return strings_read_odd_##space(p, src);                          \
		case ARGV:                                                                \
			return strings_read_argv_##space(p, (__u32)args[1], src);         \
		case GONE:                                                                \
			return strings_read_gone_##space(p, src);                         \
		case PATH:                                                                \
			return strings_read_path_##space(p, src);                         \
		}                                                                         \
		return -1;                                                                \
	}

READERS(kernel)
READERS(user)

SEC("raw_tp")
int from_user(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 args[] = { ctx->args[0], ctx->args[1] };

	return (int)read_user(args, (const void *)ctx->args[2]);
}

SEC("raw_tp")
int from_kernel_address(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 args[] = { ctx->args[0], ctx->args[1] };

	return (int)read_kernel(args, (const void *)ctx->args[2]);
}

SEC("raw_tp")
int from_kernel(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 args[] = { ctx->args[0], ctx->args[1] };
	__u32 zero = 0;
	const char *src = bpf_map_lookup_elem(&source, &zero);

	return src ? (int)read_kernel(args, src) : -1;
}

/* Every index, in a loop whose bound is the spec's. */
SEC("raw_tp")
int every_argument(struct bpf_raw_tracepoint_args *ctx)
{
	const void *src = (const void *)ctx->args[0];
	__u32 zero = 0;
	struct strings *p = bpf_map_lookup_elem(&records, &zero);
	long sum = 0;
	__u32 i;

	if (!p)
		return -1;
	for (i = 0; i < ARGC_LEN; i++)
		sum += strings_read_argv_user(p, i, src);
	return (int)sum;
}

SEC("raw_tp")
int init(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 zero = 0;
	struct strings *p = bpf_map_lookup_elem(&records, &zero);

	(void)ctx;
	if (!p)
		return -1;
	strings_init(p);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
