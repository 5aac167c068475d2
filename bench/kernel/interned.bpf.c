// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/*
 * As fixed.bpf.c, but only the ids of the paths travel, and each path stands
 * once in a dictionary.
 */
#include "openat.h"

DEFINE_IDS_MAP;
DEFINE_PATH_INTERN;

SEC("tracepoint/syscalls/sys_enter_openat")
int on_openat(struct openat_call *call)
{
	__u32 first = 0, process = bpf_get_current_pid_tgid() >> 32;
	struct storm *traced = bpf_map_lookup_elem(&storm, &first);
	struct counters *counted = bpf_map_lookup_elem(&counters, &first);
	const void *path = (const void *)call->arguments[1];
	struct interned_event *event;

	if (!traced || !counted)
		return 0;
	if (process != traced->first && process != traced->second)
		return 0;
	event = interned_event_reserve(&ids);
	if (!event) {
		__sync_fetch_and_add(&counted->lost, 1);
		return 0;
	}
	event->timestamp = bpf_ktime_get_ns();
	event->pid = process;
	event->tid = bpf_get_current_pid_tgid();
	event->flags = call->arguments[2];
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->cwd = path_intern_user(path);
	event->exepath = path_intern_user(path);
	event->path = path_intern_user(path);
	ids_submit(event);
	__sync_fetch_and_add(&counted->submitted, 1);
	return 0;
}
