/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
#ifndef __FD_H
#define __FD_H

/*
 * The open file behind a descriptor of this task, or NULL. No lock is held:
 * another thread may close it meanwhile.
 */
static inline struct file *fd_file(struct task_struct *task, __u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), &files[fd]);
	return file;
}

#endif /* __FD_H */
