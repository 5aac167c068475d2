/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * Who does something to a file.
 */
#ifndef __FILE_ACTOR_H
#define __FILE_ACTOR_H

#include "task.h"

/* The audit subsystem's "never set". */
#define AUDIT_UNSET ((__u32)-1)

static inline void file_actor_read_ids(struct file_actor *actor,
				       struct task_struct *task)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	__u64 uid_gid = bpf_get_current_uid_gid();

	actor->pid = pid_tgid >> 32;
	actor->tid = (__u32)pid_tgid;
	actor->ppid = task_ppid(task);
	actor->uid = (__u32)uid_gid;
	actor->gid = uid_gid >> 32;
	actor->fsuid = BPF_CORE_READ(task, cred, fsuid.val);
	actor->fsgid = BPF_CORE_READ(task, cred, fsgid.val);
	actor->loginuid = AUDIT_UNSET;
	actor->sessionid = AUDIT_UNSET;
	if (bpf_core_field_exists(task->loginuid))
		actor->loginuid = BPF_CORE_READ(task, loginuid.val);
	if (bpf_core_field_exists(task->sessionid))
		actor->sessionid = BPF_CORE_READ(task, sessionid);
}

/* Fills in everything; `actor` is all zero. */
static __noinline void file_actor_read(struct file_actor *actor,
				       struct task_struct *task)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);

	file_actor_read_ids(actor, task);
	actor->mntns = task_mntns(task);
	actor->cgroup = bpf_get_current_cgroup_id();
	actor->started = BPF_CORE_READ(task, group_leader, start_boottime);
	actor->exe_inode = BPF_CORE_READ(exe, f_inode, i_ino);
	actor->exe_device = BPF_CORE_READ(exe, f_inode, i_sb, s_dev);
	/* As a whole: what it is made of has changed in Linux 6.3. */
	BPF_CORE_READ_INTO(&actor->capabilities, task, cred, cap_effective);
	file_actor_read_comm_kernel(actor, task->comm);
	file_actor_read_pcomm_kernel(actor, task_parent_comm(task));
}

#endif /* __FILE_ACTOR_H */
