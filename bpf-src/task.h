/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * What there is to say of a task.
 *
 * A program that includes this needs what "path.h" needs.
 */
#ifndef __TASK_H
#define __TASK_H

#include "path.h"

/*
 * As bpf_get_current_pid_tgid() and bpf_get_current_uid_gid() have them of the
 * current task. Programs of packets may call neither on Linux 6.1, and only the
 * first on 6.12.
 */
static inline __u64 task_pid_tgid(struct task_struct *task)
{
	__u32 pid = BPF_CORE_READ(task, pid), tgid = BPF_CORE_READ(task, tgid);

	return (__u64)tgid << 32 | pid;
}

static inline __u64 task_uid_gid(struct task_struct *task)
{
	const struct cred *cred = BPF_CORE_READ(task, cred);
	__u32 uid = BPF_CORE_READ(cred, uid.val), gid = BPF_CORE_READ(cred, gid.val);

	return (__u64)gid << 32 | uid;
}

static inline __u32 task_ppid(struct task_struct *task)
{
	return BPF_CORE_READ(task, real_parent, tgid);
}

static inline __u64 task_mntns(struct task_struct *task)
{
	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

/* The parent's own name, whichever of its threads started us: an address. */
static inline const char *task_parent_comm(struct task_struct *task)
{
	return BPF_CORE_READ(task, real_parent, group_leader)->comm;
}

/* The working directory, or NULL. */
static inline const struct path *task_cwd(struct task_struct *task)
{
	struct fs_struct *fs = BPF_CORE_READ(task, fs);

	return fs ? &fs->pwd : NULL;
}

/* The executable, or NULL: kernel threads have none. */
static inline const struct path *task_exepath(struct task_struct *task)
{
	struct file *file = BPF_CORE_READ(task, mm, exe_file);

	return file ? &file->f_path : NULL;
}

/* Writes a path to `field`, which has PATH_LEN bytes, all of them zero. */
static inline void task_read_cwd(char *field, struct task_struct *task,
				 __u32 room)
{
	const struct path *path = task_cwd(task);

	if (path)
		path_read(field, path, room);
}

/* Likewise. */
static inline void task_read_exepath(char *field, struct task_struct *task,
				     __u32 room)
{
	const struct path *path = task_exepath(task);

	if (path)
		path_read(field, path, room);
}

#endif /* __TASK_H */
