// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/*
 * Every execve and execveat: who called it, from where, with which arguments,
 * and what came of it.
 *
 * An event begins when the call is entered, since only then do the caller's
 * name and memory exist, waits in `execs`, and leaves through `events` when
 * the call has succeeded (sched_process_exec: some machines report no exit of
 * a successful execve) or failed (sys_exit). Each call that was seen ends in
 * exactly one counter of `exec_stats` but the first:
 *
 *   started = submitted + lost_execs_full + lost_events_full + abandoned
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

#include "args.h"
#include "count.h"
#include "exec_call.h"
#include "path.h"
#include "syscall.h"
#include "task.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* The audit subsystem's "never set". */
#define AUDIT_UNSET ((__u32)-1)

/* include/uapi/linux/magic.h */
#define OVERLAYFS_SUPER_MAGIC 0x794c7630

#define COUNT(counter) COUNT_IN(exec_stats, struct exec_counters, counter)

static void read_task(struct exec_event *event, struct task_struct *task)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	__u64 uid_gid = bpf_get_current_uid_gid();

	event->timestamp = bpf_ktime_get_boot_ns();
	event->pid = pid_tgid >> 32;
	event->tid = (__u32)pid_tgid;
	event->uid = (__u32)uid_gid;
	event->gid = uid_gid >> 32;
	event->ppid = task_ppid(task);
	event->mntns = task_mntns(task);
	event->loginuid = AUDIT_UNSET;
	event->sessionid = AUDIT_UNSET;
	if (bpf_core_field_exists(task->loginuid))
		event->loginuid = BPF_CORE_READ(task, loginuid.val);
	if (bpf_core_field_exists(task->sessionid))
		event->sessionid = BPF_CORE_READ(task, sessionid);
	exec_event_read_comm_kernel(event, task->comm);
	exec_event_read_pcomm_kernel(event, task_parent_comm(task));
}

static void read_cwd(struct exec_event *event, struct task_struct *task)
{
#if EXEC_EVENT_HAS_CWD
	task_read_cwd(event->cwd, task);
#else
	(void)event;
	(void)task;
#endif
}

/* What the caller handed over, but for pages that are not in memory. */
static void read_call(struct exec_event *event, const struct exec_call *call)
{
	struct args_walk walk = {
		.argv = call->argv,
		.pointer_size = call->pointer_size,
	};

	event->missing = 0;
	if (exec_event_read_file_user(event, call->filename) < 0)
		event->missing |= EXEC_MISSING_FILE;
	/* execve(path, NULL, ...) is legal: no arguments at all. */
	if (call->argv && !args_read(event, &walk))
		event->missing |= EXEC_MISSING_ARGS;
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
static void read_exe(struct exec_event *event, struct task_struct *task)
{
	struct file *file = BPF_CORE_READ(task, mm, exe_file);

	if (!file)
		return;
	event->upper_layer = in_upper_layer(file);
#if EXEC_EVENT_HAS_EXEPATH
	path_read(event->exepath, &file->f_path);
#endif
}

/* A second chance for what was not in memory: execve has copied it since. */
static void read_new_process(struct exec_event *event, struct task_struct *task,
			     struct linux_binprm *bprm)
{
	const char *filename = BPF_CORE_READ(bprm, filename);
	struct args_walk walk = {
		.text = (void *)BPF_CORE_READ(task, mm, arg_start),
		.end = (void *)BPF_CORE_READ(task, mm, arg_end),
	};

	if (event->missing & EXEC_MISSING_FILE &&
	    exec_event_read_file_kernel(event, filename) >= 0)
		event->missing &= ~EXEC_MISSING_FILE;
	/* The arguments of a script's interpreter are not the caller's. */
	if (event->missing & EXEC_MISSING_ARGS &&
	    BPF_CORE_READ(bprm, interp) == filename && args_read(event, &walk))
		event->missing &= ~EXEC_MISSING_ARGS;
}

/* Sends the event of this task, if it has one, and frees its place. */
static void submit(struct exec_event *event, __u64 key, __s32 retval)
{
	event->retval = retval;
	if (bpf_ringbuf_output(&events, event, sizeof(*event), events_wakeup()))
		COUNT(lost_events_full);
	else
		COUNT(submitted);
	bpf_map_delete_elem(&execs, &key);
}

/* Notes who calls, from where and with what, until the call returns. */
static void begin(const struct exec_call *call)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct exec_event *event = exec_event_scratch();
	__u64 key = (__u64)task;

	if (!event)
		return;
	COUNT(started);
	/* The end of an earlier call was missed. */
	if (bpf_map_lookup_elem(&execs, &key))
		COUNT(abandoned);

	exec_event_init(event);
	read_task(event, task);
	read_cwd(event, task);
	read_call(event, call);
	if (bpf_map_update_elem(&execs, &key, event, BPF_ANY))
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
	struct exec_event *event = bpf_map_lookup_elem(&execs, &key);

	if (!event)
		return 0;
	if (event->missing)
		read_new_process(event, task, (void *)ctx->args[2]);
	read_exe(event, task);
	submit(event, key, 0);
	return 0;
}

/* Whoever has an entry is inside execve, so a failing exit is its end. */
static void fail(struct pt_regs *regs, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 key = (__u64)task;
	struct exec_event *event = bpf_map_lookup_elem(&execs, &key);
	struct exec_call call;

	if (!event)
		return;
	/* A second chance: the kernel has touched the pages since. */
	if (event->missing && exec_call_read(&call, regs, REG_NR(regs)))
		read_call(event, &call);
	read_exe(event, task);
	submit(event, key, ret);
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
