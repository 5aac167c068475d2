#include "layouts.h"

static int masks(struct exec_event *event, struct buffer *buffer, const void *from, __u64 at, __u64 len)
{
	event->path[at & 511] = 0;
	event->path[(at + 1) & (512 - 1)] = 0;
	event->comm[0xf & at] = 0;
	bpf_probe_read_kernel(event->path, len & 0x1ff, from);
	len &= 0xfff;
	buffer->text[len] = 0;
	len = at & 8191;
	return buffer->text[len];
}
