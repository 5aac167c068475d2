#include "layouts.h"

/* bpf-layout: allow(shadow-define) userspace includes this header, and no other */
#define PATH_LEN 512

static int allowed(struct exec_event *event, __u64 at)
{
	event->path[511] = 0; /* bpf-layout: allow(literal-length) before the comment */
	/* bpf-layout: allow(literal-mask) after it, */
	/* with another comment between */
	event->path[at & 511] = 0;
	/* bpf-layout: allow(literal-length, stale-literal)
	   two rules, two lines */
	return event->comm[15] + event->comm[at & 255];
}
