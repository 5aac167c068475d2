#include "layouts.h"

static int masks(struct exec_event *event, const void *from, __u64 at, __u64 flags)
{
	event->path[at & PATH_LEN_MASK] = 0;
	event->path[at & (PATH_LEN - 1)] = 0;
	if (flags & 511)
		return 0;
	event->pid = flags & 0x1ff;
	at = (flags & ~511) | 1;
	return call(&event->pid, 511);
}
