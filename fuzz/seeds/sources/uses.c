#include "layouts.h"
#define N 512

struct s { char path[512]; };

static int f(struct exec_event *event, __u64 i)
{
	/* bpf-layout: allow(literal-length) */
	event->path[i & 511] = 0;
#if N > 256
	bpf_probe_read_kernel(event->path, 512, (void *)i);
#endif
	return event->path[i % 512];
}
