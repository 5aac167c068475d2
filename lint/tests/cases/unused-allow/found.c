#include "layouts.h"

static int unused(struct exec_event *event)
{
	/* bpf-layout: allow(literal-length) nothing of the kind is here */
	event->path[0] = 0;
	event->path[511] = 0; // bpf-layout: allow(literal-mask) the wrong rule
	return 0;
}
