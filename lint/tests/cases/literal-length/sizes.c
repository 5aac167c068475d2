#include "layouts.h"

static void sizes(struct exec_event *event, const void *from, struct wrapper *wrapper)
{
	bpf_get_current_comm(&event->comm, 16);
	bpf_probe_read_kernel_str(event->path, (__u32)(1 << 9), from);
	bpf_probe_read_user(&event->path[0], 0x200u, from);
	bpf_probe_read_user(event->path, 512 - 1, from);
	__builtin_memset(event->stamps, 0, 192);
	__builtin_memcpy(event->names[2], from, 16);
	bpf_probe_read_user_str(&event->args[128], 128, from);
	bpf_d_path(from, event->cwd, 512);
	bpf_probe_read_kernel_str((void *)wrapper->tag, 16, from);
	bpf_probe_read_kernel(&wrapper->inner.text, 8192, from);
	fill_path(event->path, 512, from);
	event->blob[1023] = 0;
}
