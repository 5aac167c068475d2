// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/*
 * Every execve and execveat: who called it, from where, with which arguments,
 * and what came of it.
 *
 * What there is to say is found when the call is entered, since only then do
 * the caller's name and memory exist, and waits in `execs`. It leaves through
 * `events`, as many bytes of it as are in use, when the call has succeeded
 * (sched_process_exec: some machines report no exit of a successful execve) or
 * failed (sys_exit). Each call that was seen ends in exactly one counter of
 * `exec_stats` but the first, or in that of lost events, which the header keeps:
 *
 *   started = submitted + lost_execs_full + lost events + abandoned
 *             + entries of `execs`
 *
 * `execs` is keyed by the address of the task, not by its id: an execve from
 * a thread other than the first gives that thread the id of the process
 * before it succeeds, and the old id to be used again.
 *
 * Needs Linux 5.17 (bpf_loop) with BTF; no tracefs, no kprobes, no fentry.
 */
#include "layouts.h"
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

DEFINE_EXECS_MAP;
DEFINE_EVENTS_MAP;
DEFINE_EXEC_STATS_MAP;
DEFINE_PATH_BUFFERS_MAP;
DEFINE_ARGS_BUFFERS_MAP;
DEFINE_EXEC_EVENT_SCRATCH;
DEFINE_EXEC_IN_FLIGHT_SCRATCH;

#include "args.h"
#include "count.h"
#include "exec_call.h"
#include "path_buffers.h"
#include "path.h"
#include "syscall.h"
#include "task.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* The audit subsystem's "never set". */
#define AUDIT_UNSET ((__u32)-1)

/* include/uapi/linux/magic.h */
#define OVERLAYFS_SUPER_MAGIC 0x794c7630

#define COUNT(counter) COUNT_IN(exec_stats, struct exec_counters, counter)

static void read_task(struct exec_info *info, struct task_struct *task)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	__u64 uid_gid = bpf_get_current_uid_gid();

	info->timestamp = bpf_ktime_get_boot_ns();
	info->pid = pid_tgid >> 32;
	info->tid = (__u32)pid_tgid;
	info->uid = (__u32)uid_gid;
	info->gid = uid_gid >> 32;
	info->ppid = task_ppid(task);
	info->mntns = task_mntns(task);
	info->loginuid = AUDIT_UNSET;
	info->sessionid = AUDIT_UNSET;
	if (bpf_core_field_exists(task->loginuid))
		info->loginuid = BPF_CORE_READ(task, loginuid.val);
	if (bpf_core_field_exists(task->sessionid))
		info->sessionid = BPF_CORE_READ(task, sessionid);
	exec_info_read_comm_kernel(info, task->comm);
	exec_info_read_pcomm_kernel(info, task_parent_comm(task));
}

static void read_cwd(struct exec_in_flight *flight, struct task_struct *task)
{
#if EXEC_IN_FLIGHT_HAS_CWD
	task_read_cwd(flight->cwd, task, 0);
#else
	(void)flight;
	(void)task;
#endif
}

/* What the caller handed over, but for pages that are not in memory. */
static void read_call(struct exec_in_flight *flight,
		      const struct exec_call *call)
{
	struct args_walk walk = {
		.argv = call->argv,
		.pointer_size = call->pointer_size,
	};

	flight->info.missing = 0;
	if (exec_in_flight_read_file_user(flight, call->filename) < 0)
		flight->info.missing |= EXEC_MISSING_FILE;
	/* execve(path, NULL, ...) is legal: no arguments at all. */
	if (call->argv && !args_read(flight, &walk))
		flight->info.missing |= EXEC_MISSING_ARGS;
}

static bool in_upper_layer(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_path.dentry, d_inode);
	struct ovl_inode *ovl;
	void *upper = NULL;

	if (BPF_CORE_READ(inode, i_sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return false;
	if (bpf_core_type_exists(struct ovl_inode)) {
		ovl = (void *)inode -
		      bpf_core_field_offset(struct ovl_inode, vfs_inode);
		return BPF_CORE_READ(ovl, __upperdentry);
	}
	/*
	 * overlayfs was loaded after this program: its types are unknown. The
	 * pointer has followed the inode since Linux 4.14.
	 */
	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (void *)inode + bpf_core_type_size(struct inode));
	return upper;
}

/* The executable that runs from now on. */
static void read_exe(struct exec_in_flight *flight, struct task_struct *task)
{
	struct file *file = BPF_CORE_READ(task, mm, exe_file);

	if (!file)
		return;
	flight->info.upper_layer = in_upper_layer(file);
#if EXEC_IN_FLIGHT_HAS_EXEPATH
	path_read(flight->exepath, &file->f_path, 0);
#endif
}

/* A second chance for what was not in memory: execve has copied it since. */
static void read_new_process(struct exec_in_flight *flight,
			     struct task_struct *task,
			     struct linux_binprm *bprm)
{
	const char *filename = BPF_CORE_READ(bprm, filename);
	struct args_walk walk = {
		.text = (void *)BPF_CORE_READ(task, mm, arg_start),
		.end = (void *)BPF_CORE_READ(task, mm, arg_end),
	};

	if (flight->info.missing & EXEC_MISSING_FILE &&
	    exec_in_flight_read_file_kernel(flight, filename) >= 0)
		flight->info.missing &= ~EXEC_MISSING_FILE;
	/* The arguments of a script's interpreter are not the caller's. */
	if (flight->info.missing & EXEC_MISSING_ARGS &&
	    BPF_CORE_READ(bprm, interp) == filename && args_read(flight, &walk))
		flight->info.missing &= ~EXEC_MISSING_ARGS;
}

/* The texts of the event, as long as they are; path.h marks what it has cut. */
static void copy_texts(struct exec_event *event,
		       const struct exec_in_flight *flight)
{
#if EXEC_EVENT_HAS_CWD
	exec_event_read_cwd_kernel(event, flight->cwd);
	if (path_is_cut(flight->cwd))
		exec_event_cut_cwd(event);
#endif
#if EXEC_EVENT_HAS_EXEPATH
	exec_event_read_exepath_kernel(event, flight->exepath);
	if (path_is_cut(flight->exepath))
		exec_event_cut_exepath(event);
#endif
#if EXEC_EVENT_HAS_FILE
	exec_event_read_file_kernel(event, flight->file);
	if (path_is_cut(flight->file))
		exec_event_cut_file(event);
#endif
	exec_event_read_args_kernel(event, flight->args,
				    flight->info.args_size);
}

/* Sends the event of this task, if it has one, and frees its place. */
static void submit(struct exec_in_flight *flight, __u64 key, __s32 retval)
{
	struct exec_event *event = exec_event_scratch();

	if (!event)
		return;
	flight->info.retval = retval;
	exec_event_init(event);
	event->info = flight->info;
	copy_texts(event, flight);
	/* If there is no room, it counts as lost. */
	if (!exec_event_submit(&events, event, events_wakeup()))
		COUNT(submitted);
	bpf_map_delete_elem(&execs, &key);
}

/* Notes who calls, from where and with what, until the call returns. */
static void begin(const struct exec_call *call)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct exec_in_flight *flight = exec_in_flight_scratch();
	__u64 key = (__u64)task;

	if (!flight)
		return;
	COUNT(started);
	/* The end of an earlier call was missed. */
	if (bpf_map_lookup_elem(&execs, &key))
		COUNT(abandoned);

	exec_in_flight_init(flight);
	read_task(&flight->info, task);
	read_cwd(flight, task);
	read_call(flight, call);
	if (bpf_map_update_elem(&execs, &key, flight, BPF_ANY))
		COUNT(lost_execs_full);
}

SEC("raw_tp/sys_enter")
int exec_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];
	long nr = ctx->args[1];
	struct exec_call call;

	if (syscall_may_be_exec(nr) && exec_call_read(&call, regs, nr))
		begin(&call);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int exec_success(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 key = (__u64)task;
	struct exec_in_flight *flight = bpf_map_lookup_elem(&execs, &key);

	if (!flight)
		return 0;
	if (flight->info.missing)
		read_new_process(flight, task, (void *)ctx->args[2]);
	read_exe(flight, task);
	submit(flight, key, 0);
	return 0;
}

/* Whoever has an entry is inside execve, so a failing exit is its end. */
static void fail(struct pt_regs *regs, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 key = (__u64)task;
	struct exec_in_flight *flight = bpf_map_lookup_elem(&execs, &key);
	struct exec_call call;

	if (!flight)
		return;
	/* A second chance: the kernel has touched the pages since. */
	if (flight->info.missing && exec_call_read(&call, regs, REG_NR(regs)))
		read_call(flight, &call);
	read_exe(flight, task);
	submit(flight, key, ret);
}

SEC("raw_tp/sys_exit")
int exec_failure(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];
	long ret = ctx->args[1];

	if (ret < 0)
		fail(regs, ret);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int exec_abandoned(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 key = bpf_get_current_task();

	if (!bpf_map_delete_elem(&execs, &key))
		COUNT(abandoned);
	return 0;
}
