#include "layouts.h"

static int silent(struct exec_event *event, struct buffer *buffer, struct other *other, const void *from, __u64 at, __u64 len, __u32 bit)
{
	int i;

	/* Less than all of it is meant: a prefix, a part of a buffer, a step of a loop. */
	if (!__builtin_memcmp(event->path, "/proc/", 6))
		return 0;
	bpf_probe_read_user_str(event->args, 64, from);
	bpf_probe_read_user_str(&event->path[at], 64, from);
	bpf_probe_read_user(&buffer->text[at & 2047], len & 1023, from);
	for (i = 0; i < 64; i++)
		event->path[i] = 0;
	/* Held within the length by name. */
	if (at > 100000)
		return 0;
	if (at >= PATH_LEN)
		return 0;
	event->path[at] = 0;
	/* Another value of the same variable. */
	if (len > 9999)
		len = 0;
	len = bpf_probe_read_user_str(event->path, sizeof(event->path), from);
	/* A word of a bitmap. */
	if (bit < 1000)
		event->stamps[bit / 64] |= 1 << (bit & 63);
	/* A length that has no name. */
	event->hash[at & 31] = 0;
	/* Who knows whose path this is. */
	unknown->path[at & 4095] = 0;
	other->path[at & 4095] = 0;
	return 0;
}
