/* Interns a string, and looks it up again. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layouts.h"

DEFINE_SHORT_INTERN;
DEFINE_PATH_INTERN;
DEFINE_LONG_INTERN;
DEFINE_ODD_INTERN;
DEFINE_ONE_INTERN;
DEFINE_OWNERS_MAP;

char LICENSE[] SEC("license") = "GPL";

/* What strings of the kernel are read from. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[8192]);
} source SEC(".maps");

/* The id that came out. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} results SEC(".maps");

/* How, an address, a length. */
#define INTERN(dictionary)                                                       \
	SEC("raw_tp")                                                            \
	int intern_##dictionary(struct bpf_raw_tracepoint_args *arguments)       \
	{                                                                        \
		__u64 how = arguments->args[0], len = arguments->args[2];        \
		void *address = (void *)arguments->args[1];                      \
		__u32 zero = 0;                                                  \
		void *from = bpf_map_lookup_elem(&source, &zero);                \
		__u64 *result = bpf_map_lookup_elem(&results, &zero);            \
		struct dictionary##_id id;                                       \
                                                                                 \
		if (!from || !result)                                            \
			return 1;                                                \
		if (how == 0)                                                    \
			id = dictionary##_intern_kernel(from);                   \
		else if (how == 1)                                               \
			id = dictionary##_intern_user(address);                  \
		else if (how == 2)                                               \
			id = dictionary##_intern_bytes(from, len);               \
		else                                                             \
			id = dictionary##_intern_kernel(address);                \
		*result = id.id;                                                 \
		return id.id && !dictionary##_interned(id) ? 2 : 0;              \
	}

INTERN(short)
INTERN(path)
INTERN(long)
INTERN(odd)
INTERN(one)
