// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/*
 * As fixed.bpf.c, but only the bytes of the paths travel: the event grows in
 * this CPU's room, and is copied into the ring buffer.
 */
#include "openat.h"

DEFINE_CALLS_MAP;
DEFINE_CALL_EVENT_SCRATCH;

SEC("tracepoint/syscalls/sys_enter_openat")
int on_openat(struct openat_call *call)
{
	__u32 first = 0, process = bpf_get_current_pid_tgid() >> 32;
	struct storm *traced = bpf_map_lookup_elem(&storm, &first);
	struct counters *counted = bpf_map_lookup_elem(&counters, &first);
	const void *path = (const void *)call->arguments[1];
	struct call_event *event;

	if (!traced || !counted)
		return 0;
	if (process != traced->first && process != traced->second)
		return 0;
	event = call_event_scratch();
	if (!event)
		return 0;
	call_event_init(event);
	event->timestamp = bpf_ktime_get_ns();
	event->pid = process;
	event->tid = bpf_get_current_pid_tgid();
	event->flags = call->arguments[2];
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	call_event_read_cwd_user(event, path);
	call_event_read_exepath_user(event, path);
	call_event_read_path_user(event, path);
	if (call_event_submit(&calls, event, calls_wakeup()))
		__sync_fetch_and_add(&counted->lost, 1);
	else
		__sync_fetch_and_add(&counted->submitted, 1);
	return 0;
}
