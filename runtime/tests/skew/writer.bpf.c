/* Fills every field of the maps and events of either version; NEW says which. */
#include <linux/types.h>
#include "layouts.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

DEFINE_FILES_MAP;
DEFINE_TOTALS_MAP;
DEFINE_EVENTS_MAP;

char LICENSE[] SEC("license") = "GPL";

static __always_inline void fill(struct file_value *value)
{
	value->count = 7;
	value->offset = -5;
	value->op = FILE_OP_UNLINK;
	value->flags = OPEN_FLAGS_WRONLY | OPEN_FLAGS_CREAT | 0x1000;
	__builtin_memcpy(value->path, "/etc/passwd", 12);
	value->family = FAMILY_INET;
	value->address.v4 = bpf_htonl(0x7f000001);
	value->sizes[0] = 100;
	value->sizes[1] = 200;
	value->spans[0].start = 1;
	value->spans[0].end = 2;
	value->spans[1].start = 3;
	value->spans[1].end = 4;
	value->mode = 5;
	value->level = -9;
	value->uid = 1000;
	value->gid = 100;
#ifdef NEW
	__builtin_memcpy(value->comm, "worker", 7);
	value->port = 443;
	value->owner = 33;
#else
	__builtin_memcpy(value->comm, "worker-thread", 14);
	value->port = bpf_htons(443);
	value->sizes[2] = 300;
#endif
}

SEC("raw_tp")
int fill_maps(void *ctx)
{
	struct file_key key;
	struct file_value value;
	struct totals *sums;
	__u32 first = 0;

	file_key_init(&key);
	key.netns = 4026531840;
	key.port = 443;
	key.proto = 6;
	file_value_init(&value);
	fill(&value);
	bpf_map_update_elem(&files, &key, &value, 0);

	/* What the other version cannot hold, or does not know. */
	key.port = 80;
	value.family = FAMILY_INET6;
	__builtin_memset(value.address.v6, 0xfe, sizeof(value.address.v6));
#ifdef NEW
	value.count = 1ULL << 40;
	value.offset = -(1LL << 40);
	value.op = FILE_OP_RENAME;
	value.sizes[0] = 1 << 20;
	value.level = 63;
	__builtin_memset(value.path, 'p', sizeof(value.path) - 1);
#else
	value.count = 0xffffffff;
	value.offset = -0x7fffffff - 1;
	value.op = 9;
	value.level = -16;
	__builtin_memset(value.path, 'p', sizeof(value.path));
#endif
	bpf_map_update_elem(&files, &key, &value, 0);

#ifdef NEW
	key.port = 1;
	value.family = FAMILY_UNIX;
	__builtin_memcpy(value.address.path, "/run/socket", 12);
	bpf_map_update_elem(&files, &key, &value, 0);
#endif

	sums = bpf_map_lookup_elem(&totals, &first);
	if (sums) {
		sums->files = 2;
		sums->lost = 1;
	}
	return 0;
}

SEC("raw_tp")
int send_events(void *ctx)
{
	struct exec_event *exec = exec_event_reserve(&events);
	struct exit_event *exit;

	if (exec) {
		exec->pid = 42;
		exec->retval = -2;
#ifdef NEW
		exec->timestamp = 1500000000;
		__builtin_memcpy(exec->comm, "bash", 5);
#else
		__builtin_memcpy(exec->comm, "a-long-command", 15);
#endif
		bpf_ringbuf_submit(exec, 0);
	}
	exit = exit_event_reserve(&events);
	if (exit) {
		exit->pid = 42;
		exit->code = -1;
		bpf_ringbuf_submit(exit, 0);
	}
	return 0;
}
