// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/*
 * Every openat of two processes, as an event whose three paths have room for
 * the longest. All three are read from the call's argument: it is the reads
 * that cost, and no path walk of one kernel or another hides them.
 */
#include "openat.h"

DEFINE_EVENTS_MAP;

SEC("tracepoint/syscalls/sys_enter_openat")
int on_openat(struct openat_call *call)
{
	__u32 first = 0, process = bpf_get_current_pid_tgid() >> 32;
	struct storm *traced = bpf_map_lookup_elem(&storm, &first);
	struct counters *counted = bpf_map_lookup_elem(&counters, &first);
	const void *path = (const void *)call->arguments[1];
	struct openat_event *event;

	if (!traced || !counted)
		return 0;
	if (process != traced->first && process != traced->second)
		return 0;
	event = openat_event_reserve(&events);
	if (!event) {
		__sync_fetch_and_add(&counted->lost, 1);
		return 0;
	}
	event->timestamp = bpf_ktime_get_ns();
	event->pid = process;
	event->tid = bpf_get_current_pid_tgid();
	event->flags = call->arguments[2];
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	openat_event_read_cwd_user(event, path);
	openat_event_read_exepath_user(event, path);
	openat_event_read_path_user(event, path);
	events_submit(event);
	__sync_fetch_and_add(&counted->submitted, 1);
	return 0;
}
