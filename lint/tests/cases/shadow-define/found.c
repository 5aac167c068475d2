#include "own.h"

#define PATH_LEN 4096
#define MAX_PATH_LEN 512
#define MAX_EXECS (1 << 10)
#define LIMIT 512
#define LIMIT_MASK (LIMIT - 1)

enum { OP_OPEN = 1, COMM_SIZE = 16 };
static const unsigned int SOCKETS = 16384;

static int defines(struct exec_event *event, const void *from, __u64 at)
{
	event->path[at & LIMIT_MASK] = 0;
	event->args[at % OWN_ARG] = 0;
	return bpf_probe_read_kernel_str(event->path, LIMIT, from);
}
