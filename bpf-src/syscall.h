/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * Which system call a raw_syscalls tracepoint is about, and its arguments:
 * the only part of these programs that depends on the machine.
 *
 * Numbers: arch/x86/entry/syscalls/, include/uapi/asm-generic/unistd.h,
 * arch/arm64/tools/syscall_32.tbl. They never change.
 */
#ifndef __SYSCALL_H
#define __SYSCALL_H

/* The arguments of execve(), and of execveat() but for its directory. */
struct exec_call {
	const char *filename;
	const void *argv;
	/* Bytes of a pointer in `argv`: 4 in a 32-bit process. */
	__u32 pointer_size;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), \
			     apply_to = record)

#if defined(__TARGET_ARCH_x86)

struct pt_regs {
	unsigned long bx;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
};

struct thread_info {
	__u32 status;
};

#elif defined(__TARGET_ARCH_arm64)

struct pt_regs {
	__u64 regs[31];
	__u64 orig_x0;
	__s32 syscallno;
};

struct thread_info {
	unsigned long flags;
};

#elif defined(__TARGET_ARCH_riscv)

struct pt_regs {
	unsigned long a1;
	unsigned long a2;
	unsigned long a7;
	unsigned long orig_a0;
};

#else
#error "bpf-src/syscall.h does not know this machine's system calls yet"
#endif

#if !defined(__TARGET_ARCH_riscv)
/* The first member of the kernel's struct task_struct. */
struct task_struct___thread_info {
	struct thread_info thread_info;
};
#endif

#pragma clang attribute pop

#if defined(__TARGET_ARCH_x86)

enum {
	NR_EXECVE = 59,
	NR_EXECVEAT = 322,
	NR_COMPAT_EXECVE = 11,
	NR_COMPAT_EXECVEAT = 358,
};

/* The same number is another call in a 32-bit process. */
static inline bool syscall_is_compat(void)
{
	struct task_struct___thread_info *task = (void *)bpf_get_current_task();

	/* TS_COMPAT, arch/x86/include/asm/thread_info.h */
	return BPF_CORE_READ(task, thread_info.status) & 0x2;
}

#define REG_NR(regs) BPF_CORE_READ(regs, orig_ax)
#define REG_ARG1(regs) BPF_CORE_READ(regs, di)
#define REG_ARG2(regs) BPF_CORE_READ(regs, si)
#define REG_ARG3(regs) BPF_CORE_READ(regs, dx)
#define REG_COMPAT_ARG1(regs) ((__u32)BPF_CORE_READ(regs, bx))
#define REG_COMPAT_ARG2(regs) ((__u32)BPF_CORE_READ(regs, cx))
#define REG_COMPAT_ARG3(regs) ((__u32)BPF_CORE_READ(regs, dx))

#elif defined(__TARGET_ARCH_arm64)

enum {
	NR_EXECVE = 221,
	NR_EXECVEAT = 281,
	NR_COMPAT_EXECVE = 11,
	NR_COMPAT_EXECVEAT = 387,
};

static inline bool syscall_is_compat(void)
{
	struct task_struct___thread_info *task = (void *)bpf_get_current_task();

	/* TIF_32BIT, arch/arm64/include/asm/thread_info.h */
	return BPF_CORE_READ(task, thread_info.flags) & (1 << 22);
}

#define REG_NR(regs) BPF_CORE_READ(regs, syscallno)
/* The result of the call replaces regs[0]. */
#define REG_ARG1(regs) BPF_CORE_READ(regs, orig_x0)
#define REG_ARG2(regs) BPF_CORE_READ(regs, regs[1])
#define REG_ARG3(regs) BPF_CORE_READ(regs, regs[2])
#define REG_COMPAT_ARG1(regs) ((__u32)REG_ARG1(regs))
#define REG_COMPAT_ARG2(regs) ((__u32)REG_ARG2(regs))
#define REG_COMPAT_ARG3(regs) ((__u32)REG_ARG3(regs))

#elif defined(__TARGET_ARCH_riscv)

/* A 32-bit process has the same numbers and registers. */
enum {
	NR_EXECVE = 221,
	NR_EXECVEAT = 281,
	NR_COMPAT_EXECVE = -1,
	NR_COMPAT_EXECVEAT = -1,
};

static inline bool syscall_is_compat(void)
{
	return false;
}

#define REG_NR(regs) BPF_CORE_READ(regs, a7)
#define REG_ARG1(regs) BPF_CORE_READ(regs, orig_a0)
#define REG_ARG2(regs) BPF_CORE_READ(regs, a1)
#define REG_ARG3(regs) BPF_CORE_READ(regs, a2)
#define REG_COMPAT_ARG1(regs) REG_ARG1(regs)
#define REG_COMPAT_ARG2(regs) REG_ARG2(regs)
#define REG_COMPAT_ARG3(regs) REG_ARG3(regs)

#endif

/* Cheap, as every system call of the machine comes through here. */
static inline bool syscall_may_be_exec(long nr)
{
	return nr == NR_EXECVE || nr == NR_EXECVEAT || nr == NR_COMPAT_EXECVE ||
	       nr == NR_COMPAT_EXECVEAT;
}

/* Reads the arguments; false if the call is neither execve nor execveat. */
static inline bool exec_call_read(struct exec_call *call, struct pt_regs *regs,
				  long nr)
{
	if (syscall_is_compat()) {
		bool at = nr == NR_COMPAT_EXECVEAT;

		if (!at && nr != NR_COMPAT_EXECVE)
			return false;
		call->filename = (void *)(__u64)(at ? REG_COMPAT_ARG2(regs)
						    : REG_COMPAT_ARG1(regs));
		call->argv = (void *)(__u64)(at ? REG_COMPAT_ARG3(regs)
						: REG_COMPAT_ARG2(regs));
		call->pointer_size = 4;
	} else {
		bool at = nr == NR_EXECVEAT;

		if (!at && nr != NR_EXECVE)
			return false;
		call->filename = (void *)(at ? REG_ARG2(regs) : REG_ARG1(regs));
		call->argv = (void *)(at ? REG_ARG3(regs) : REG_ARG2(regs));
		call->pointer_size = 8;
	}
	return true;
}

#endif /* __SYSCALL_H */
