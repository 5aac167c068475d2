#include "layouts.h"

static int bounds(struct exec_event *event, struct buffer *buffer, const void *from, __u64 len, __u32 used)
{
	char *path = event->path;
	int i;

	for (i = 0; i < 16; i++)
		event->comm[i] = 0;
	for (int word = 0; 4 > word; ++word)
		event->saddr[word] = 0;
	bpf_for(i, 0, 24)
		event->stamps[i] = i;
	if (len >= 512)
		len = 511;
	bpf_probe_read_kernel(event->path, len, from);
	event->path[511] = 0;
	path[511] = 0;
	if (event->path_len == 512)
		return 0;
	if (buffer->size >= 4096)
		return 0;
	bpf_probe_read_user_str(&buffer->text[buffer->size], 4096 - buffer->size + 1, from);
	used %= 512;
	event->path[used] = 0;
	return min(used, 512);
}
