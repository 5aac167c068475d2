#include "layouts.h"

/* These follow the spec, or are another thing. */
#define MAX_PATH PATH_LEN
#define WALK_ROUNDS (2 * PATH_LEN)
#define TASK_COMM_LEN 16
#define PATH_MAX 4096
#define BLOCK 512
#define PATH_DEPTH 512
#define PATH(x) 512
#define EMPTY
#define SELF SELF
#define ONE TWO
#define TWO ONE
enum { FIRST, SECOND = COMM_LEN, THIRD = 512 };
const volatile unsigned int path = 512;

static int silent(struct exec_event *event, struct other *other, const void *from)
{
	return bpf_probe_read_kernel_str(event->path, MAX_PATH, from) + other->sizes[BLOCK] + PATH_DEPTH;
}
