#include "layouts.h"

/* What the spec once said. */
#define OLD_PATH 4096

static int stale(struct exec_event *event, struct buffer *buffer, const void *from, __u64 at, __u64 len)
{
	long read;
	int i;

	event->path[at & 4095] = 0;
	event->path[at & 255] = 0;
	event->odd[at & 511] = 0;
	len &= 1023;
	bpf_probe_read_kernel(event->path, len, from);
	bpf_probe_read_kernel_str(event->path, OLD_PATH, from);
	bpf_probe_read_kernel_str(event->path, 128, from);
	bpf_probe_read_kernel(event->comm, 64, from);
	event->comm[16] = 0;
	for (i = 0; i < 20; i++)
		event->comm[i] = 0;
	read = bpf_probe_read_kernel_str(event->path, sizeof(event->path), from);
	if (read > 4096)
		return 0;
	__builtin_memset(event->stamps, 0, 200);
	return event->stamps[at % 32];
}
