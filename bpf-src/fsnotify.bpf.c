// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/*
 * Who does what to which file, and what came of it.
 *
 * A call begins when it is entered, since another thread may change the
 * caller's memory while it runs: its path waits in `enriched_fsnotify_events`
 * until the call returns, and leaves through `fsnotify_events`. The second
 * path of a call waits in an entry of its own, under the task's address and 1:
 * most calls have none. Each call that was seen ends in exactly one counter of
 * `fsnotify_stats` but the first, or in those of lost events, which the header
 * keeps:
 *
 *   started = submitted + lost_calls_full + lost events + abandoned
 *             + calls in `enriched_fsnotify_events`
 *
 * Of a file that was opened, the full path comes from the open file, and is
 * exact. Of others, it is the path as given, and the directory where it begins:
 * working directory, descriptor or root of the process. That directory is found
 * when the call is entered and again when it returns, and named only if it
 * is the same: otherwise another thread has exchanged it meanwhile, and nobody
 * knows which of them the kernel took.
 *
 * Where the spec leaves the actor out of the map (profile lean), it is read
 * when the call returns, which is the same: none of these calls changes who
 * calls.
 *
 * Needs Linux 5.17 (bpf_loop) with BTF; no tracefs, no kprobes, no fentry.
 */
#include "layouts.h"
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

DEFINE_ENRICHED_FSNOTIFY_EVENTS_MAP;
DEFINE_FSNOTIFY_EVENTS_MAP;
DEFINE_FSNOTIFY_STATS_MAP;
DEFINE_PATH_BUFFERS_MAP;
DEFINE_FILE_IN_FLIGHT_SCRATCH;
DEFINE_FILE_CALL_EVENT_SCRATCH;
DEFINE_FILE_PAIR_EVENT_SCRATCH;

#include "count.h"
#include "fd.h"
#include "path_buffers.h"
#include "file_actor.h"
#include "file_call.h"
#include "path.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* include/linux/fs.h: the open has created the file. */
#define FMODE_CREATED (1 << 20)

/* include/uapi/linux/openat2.h: absolute paths begin at the descriptor, too. */
#define RESOLVE_IN_ROOT 0x10

/* In the key of a call's second path. The address of a task is even. */
#define SECOND 1

#define COUNT(counter) COUNT_IN(fsnotify_stats, struct file_counters, counter)

/* Finds the full path of an open file or directory. */
static __noinline void find_place(struct path_text *found,
				  const struct path *path)
{
	path_find(found, path, 0);
}

/* Where a path begins; NULL if its descriptor is none. */
static const struct path *base_of(struct task_struct *task,
				  const struct file_in_flight *call)
{
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	__s32 dirfd = call->request.dirfd;
	bool absolute = call->path[0] == '/' &&
			!(call->request.resolve & RESOLVE_IN_ROOT);
	struct file *file;

	if (absolute || dirfd == AT_FDCWD) {
		if (!fs)
			return NULL;
		return absolute ? &fs->root : &fs->pwd;
	}
	file = fd_file(task, dirfd);
	return file ? &file->f_path : NULL;
}

static void read_base(struct task_struct *task, struct file_in_flight *call)
{
	const struct path *base = base_of(task, call);

	if (!base)
		return;
	call->base_mnt = (__u64)BPF_CORE_READ(base, mnt);
	call->base_dentry = (__u64)BPF_CORE_READ(base, dentry);
}

/* Reads a path from the caller's memory, and where it begins. */
static __noinline void read_path(struct task_struct *task,
				 struct file_in_flight *call, const char *path)
{
	call->request.missing &= ~FILE_MISSING_PATH;
	/* fanotify_mark(..., fd, NULL) is legal: what `fd` has open. */
	if ((path || call->request.op != FILE_OP_FANOTIFY) &&
	    file_in_flight_read_path_user(call, path) < 0)
		call->request.missing |= FILE_MISSING_PATH;
	else
		read_base(task, call);
}

/* A call that nothing is known of yet, in the scratch space. */
static __noinline struct file_in_flight *new_call(void)
{
	struct file_in_flight *call = file_in_flight_scratch();

	if (call)
		file_in_flight_init(call);
	return call;
}

static __noinline bool enter_second(struct task_struct *task,
				    const struct file_call *from)
{
	struct file_in_flight *call = new_call();
	__u64 key = (__u64)task | SECOND;

	if (!call)
		return false;
	call->request.op = from->request.op;
	call->request.dirfd = from->to_dirfd;
	read_path(task, call, from->to);
	return !bpf_map_update_elem(&enriched_fsnotify_events, &key, call,
				    BPF_ANY);
}

static __noinline bool enter_first(struct task_struct *task,
				   const struct file_call *from)
{
	struct file_in_flight *call = new_call();
	__u64 key = (__u64)task;

	if (!call)
		return false;
	call->request = from->request;
	call->request.timestamp = bpf_ktime_get_boot_ns();
	call->request.umask = BPF_CORE_READ(task, fs, umask);
#if FILE_IN_FLIGHT_HAS_ACTOR
	file_actor_read(&call->actor, task);
#endif
	read_path(task, call, from->path);
	return !bpf_map_update_elem(&enriched_fsnotify_events, &key, call,
				    BPF_ANY);
}

/* Whether the task had a call in flight, which it has no more. */
static bool forget(struct task_struct *task)
{
	__u64 second = (__u64)task | SECOND;
	__u64 key = (__u64)task;

	bpf_map_delete_elem(&enriched_fsnotify_events, &second);
	return !bpf_map_delete_elem(&enriched_fsnotify_events, &key);
}

SEC("raw_tp/sys_enter")
int fsnotify_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs = (void *)ctx->args[0];
	enum file_syscall syscall = file_syscall(ctx->args[1]);
	__u64 key = (__u64)task;
	struct file_call call;

	if (syscall == FILE_SYSCALL_OTHER)
		return 0;
	file_call_read(&call, regs, syscall);
	/* The end of an earlier call was missed. */
	if (bpf_map_lookup_elem(&enriched_fsnotify_events, &key) &&
	    forget(task))
		COUNT(abandoned);
	COUNT(started);
	if ((!call.pair || enter_second(task, &call)) &&
	    enter_first(task, &call))
		return 0;
	forget(task);
	COUNT(lost_calls_full);
	return 0;
}

/* The directory where a path begins; false if it is not the same any more. */
static __noinline bool find_base(struct path_text *found,
				 struct task_struct *task,
				 const struct file_in_flight *call)
{
	const struct path *base = base_of(task, call);

	if (!base || (__u64)BPF_CORE_READ(base, mnt) != call->base_mnt ||
	    (__u64)BPF_CORE_READ(base, dentry) != call->base_dentry)
		return false;
	find_place(found, base);
	return true;
}

/* What has been opened, from the open file itself. */
static void read_opened(struct file_call_event *event, struct path_text *found,
			struct task_struct *task, __u32 fd)
{
	struct file *file = fd_file(task, fd);

	if (!file)
		return;
	event->exact = true;
	event->created = !!(BPF_CORE_READ(file, f_mode) & FMODE_CREATED);
	event->inode = BPF_CORE_READ(file, f_inode, i_ino);
	event->device = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	find_place(found, &file->f_path);
}

static void read_actor(struct file_actor *actor, struct task_struct *task,
		       const struct file_in_flight *call)
{
#if FILE_IN_FLIGHT_HAS_ACTOR
	bpf_probe_read_kernel(actor, sizeof(*actor), &call->actor);
	(void)task;
#else
	(void)call;
	file_actor_read(actor, task);
#endif
}

/* A path of a call, with the mark of what was cut, to a field of an event. */
#define COPY_PATH(type, event, field, call)                                    \
	do {                                                                   \
		type##_read_##field##_kernel(event, (call)->path);             \
		if (path_is_cut((call)->path))                                 \
			type##_cut_##field(event);                             \
	} while (0)

/* Likewise, a path that was found. */
#define COPY_PLACE(type, event, field, found)                                  \
	do {                                                                   \
		if ((found)->len)                                              \
			type##_copy_##field(event, (found)->text,              \
					    (found)->len);                     \
		if ((found)->cut)                                              \
			type##_cut_##field(event);                             \
	} while (0)

/* A call with one path has returned; false if there is no room to say so. */
static __noinline bool submit_call(struct task_struct *task,
				   const struct file_in_flight *call,
				   __s32 retval)
{
	struct file_call_event *event = file_call_event_scratch();
	struct path_text found = {};

	if (!event)
		return false;
	file_call_event_init(event);
	event->retval = retval;
	event->request = call->request;
	read_actor(&event->actor, task, call);
	COPY_PATH(file_call_event, event, path, call);
	if (call->request.op == FILE_OP_OPEN && retval >= 0)
		read_opened(event, &found, task, retval);
	if (!event->exact) {
		if (!find_base(&found, task, call))
			event->request.missing |= FILE_MISSING_PLACE;
		/* fanotify_mark(..., fd, NULL) */
		else if (call->request.op == FILE_OP_FANOTIFY)
			event->exact = !call->path[0];
	}
	COPY_PLACE(file_call_event, event, place, &found);
	return !file_call_event_submit(&fsnotify_events, event,
				       fsnotify_events_wakeup());
}

/* Likewise, with two paths. */
static __noinline bool submit_pair(struct task_struct *task,
				   const struct file_in_flight *call,
				   const struct file_in_flight *second,
				   __s32 retval)
{
	struct file_pair_event *event = file_pair_event_scratch();
	struct path_text found = {};

	if (!event)
		return false;
	file_pair_event_init(event);
	event->retval = retval;
	event->to_dirfd = second->request.dirfd;
	event->request = call->request;
	read_actor(&event->actor, task, call);
	COPY_PATH(file_pair_event, event, path, call);
	COPY_PATH(file_pair_event, event, to, second);
	if (second->request.missing & FILE_MISSING_PATH)
		event->request.missing |= FILE_MISSING_TO;
	/* What a symbolic link says begins nowhere. */
	if (call->request.op != FILE_OP_SYMLINK &&
	    !find_base(&found, task, call))
		event->request.missing |= FILE_MISSING_PLACE;
	COPY_PLACE(file_pair_event, event, place, &found);
	found.len = 0;
	found.cut = 0;
	if (!find_base(&found, task, second))
		event->request.missing |= FILE_MISSING_TO_PLACE;
	COPY_PLACE(file_pair_event, event, to_place, &found);
	return !file_pair_event_submit(&fsnotify_events, event,
				       fsnotify_events_wakeup());
}

/* A second chance for what was not in memory: the kernel has touched it. */
static __noinline void read_again(struct task_struct *task,
				  struct pt_regs *regs,
				  enum file_syscall syscall,
				  struct file_in_flight *call,
				  struct file_in_flight *second)
{
	struct file_call from;

	file_call_read(&from, regs, syscall);
	if (call->request.missing & FILE_MISSING_HOW &&
	    !(from.request.missing & FILE_MISSING_HOW)) {
		call->request.flags = from.request.flags;
		call->request.mode = from.request.mode;
		call->request.resolve = from.request.resolve;
		call->request.missing &= ~FILE_MISSING_HOW;
	}
	if (call->request.missing & FILE_MISSING_PATH)
		read_path(task, call, from.path);
	if (second && second->request.missing & FILE_MISSING_PATH)
		read_path(task, second, from.to);
}

SEC("raw_tp/sys_exit")
int fsnotify_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs = (void *)ctx->args[0];
	enum file_syscall syscall = file_syscall(REG_NR(regs));
	struct file_in_flight *call, *second;
	__s32 retval = ctx->args[1];
	__u64 key = (__u64)task;
	bool submitted;

	if (syscall == FILE_SYSCALL_OTHER)
		return 0;
	call = bpf_map_lookup_elem(&enriched_fsnotify_events, &key);
	if (!call)
		return 0;
	key |= SECOND;
	second = bpf_map_lookup_elem(&enriched_fsnotify_events, &key);
	if (call->request.missing || (second && second->request.missing))
		read_again(task, regs, syscall, call, second);
	submitted = second ? submit_pair(task, call, second, retval)
			   : submit_call(task, call, retval);
	/* If there was no room, it counts as lost. */
	if (submitted)
		COUNT(submitted);
	if (second)
		bpf_map_delete_elem(&enriched_fsnotify_events, &key);
	key = (__u64)task;
	bpf_map_delete_elem(&enriched_fsnotify_events, &key);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int fsnotify_abandoned(struct bpf_raw_tracepoint_args *ctx)
{
	if (forget((void *)bpf_get_current_task()))
		COUNT(abandoned);
	return 0;
}
