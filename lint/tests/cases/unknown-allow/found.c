#include "layouts.h"

static int unknown(struct exec_event *event)
{
	event->path[511] = 0; /* bpf-layout: allow(literal-lenght) misspelt */
	event->path[0] = 0; /* bpf-layout: allow(padding) no such thing */
	return 0; /* bpf-layout: ignore */
}
