#include "layouts.h"

#define WORD 512
#define HALF (PATH_LEN / 2)

/* 512 in a comment, "512" and '5' say nothing. */
struct task_struct {
	char comm[16];
	char path[512];
} __attribute__((preserve_access_index));

struct task_struct___old {
	char path[512];
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct file {
	char path[512];
};
#pragma clang attribute pop

static const char *message = "512 of event->path[511]";

static int silent(struct exec_event *event, struct task_struct *task, const void *from, __u64 len)
{
	char comm[8], path[16];
	int i, sector;

	/* By name, by sizeof, or of something else. */
	bpf_probe_read_kernel_str(event->path, PATH_LEN, from);
	bpf_probe_read_kernel_str(event->path, sizeof(event->path), from);
	bpf_get_current_comm(task->comm, 16);
	bpf_probe_read_kernel(task->path, 512, from);
	bpf_probe_read_kernel(task->mm->path, 512, from);
	event->path[HALF] = task->comm[15];
	event->path[0] = event->path[10];
	for (i = 0; i < PATH_LEN; i++)
		event->path[i] = 0;
	/* The same number, of something that has nothing to do with the field. */
	sector = len / 512;
	if (sector > 512)
		return 512;
	for (i = 0; i < 512; i++)
		sector += i;
	event->pid = 512;
	event->blob[10] = event->args[20];
	bpf_probe_read_kernel(event->hash, 20, from);
	event->path[len / 512] = 0;
	sector = sizeof(event->path) + 512;
#if 0
	event->path[511] = 0;
#endif
	return use(comm, path, sector);
}

/* `event` is something else here. */
static int other(struct request *event, const void *from)
{
	char path[512];

	return bpf_probe_read_kernel(event->path, 512, from) + path[0];
}
