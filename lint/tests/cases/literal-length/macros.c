#include "layouts.h"

#define READ_PATH(event, from) \
	bpf_probe_read_kernel_str((event)->path, \
				  512, from)
/* The name is the kernel's, the length is the spec's. */
#define READ_COMM(event) bpf_get_current_comm(event->comm, TASK_COMM_LEN)

static int macros(struct exec_event *event)
{
	return READ_PATH(event, 0) + READ_COMM(event);
}
