#include "layouts.h"

/* A struct of the program's own: a path of the same length. */
struct context {
	struct exec_event *event;
	char path[512];
};

static int arrays(struct exec_event *event, const void *from)
{
	char local[512];
	char path[512] = {}, other[1024];

	bpf_probe_read_kernel_str(local, sizeof(local), from);
	__builtin_memcpy(event->path, local, sizeof(local));
	return use(path, other);
}
