/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * Which system call a raw_syscalls tracepoint is about, and its arguments. This
 * and the numbers in *_call.h are all that depends on the machine.
 */
#ifndef __SYSCALL_H
#define __SYSCALL_H

#pragma clang attribute push(__attribute__((preserve_access_index)), \
			     apply_to = record)

#if defined(__TARGET_ARCH_x86)

struct pt_regs {
	unsigned long bp;
	unsigned long bx;
	unsigned long r10;
	unsigned long r8;
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
	unsigned long a3;
	unsigned long a4;
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
#define REG_ARG4(regs) BPF_CORE_READ(regs, r10)
#define REG_ARG5(regs) BPF_CORE_READ(regs, r8)
#define REG_COMPAT_ARG1(regs) ((__u32)BPF_CORE_READ(regs, bx))
#define REG_COMPAT_ARG2(regs) ((__u32)BPF_CORE_READ(regs, cx))
#define REG_COMPAT_ARG3(regs) ((__u32)BPF_CORE_READ(regs, dx))
#define REG_COMPAT_ARG4(regs) ((__u32)BPF_CORE_READ(regs, si))
#define REG_COMPAT_ARG5(regs) ((__u32)BPF_CORE_READ(regs, di))
#define REG_COMPAT_ARG6(regs) ((__u32)BPF_CORE_READ(regs, bp))

#elif defined(__TARGET_ARCH_arm64)

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
#define REG_ARG4(regs) BPF_CORE_READ(regs, regs[3])
#define REG_ARG5(regs) BPF_CORE_READ(regs, regs[4])
#define REG_COMPAT_ARG1(regs) ((__u32)REG_ARG1(regs))
#define REG_COMPAT_ARG2(regs) ((__u32)REG_ARG2(regs))
#define REG_COMPAT_ARG3(regs) ((__u32)REG_ARG3(regs))
#define REG_COMPAT_ARG4(regs) ((__u32)REG_ARG4(regs))
#define REG_COMPAT_ARG5(regs) ((__u32)REG_ARG5(regs))
#define REG_COMPAT_ARG6(regs) ((__u32)BPF_CORE_READ(regs, regs[5]))

#elif defined(__TARGET_ARCH_riscv)

/* A 32-bit process has the same registers. */
static inline bool syscall_is_compat(void)
{
	return false;
}

#define REG_NR(regs) BPF_CORE_READ(regs, a7)
#define REG_ARG1(regs) BPF_CORE_READ(regs, orig_a0)
#define REG_ARG2(regs) BPF_CORE_READ(regs, a1)
#define REG_ARG3(regs) BPF_CORE_READ(regs, a2)
#define REG_ARG4(regs) BPF_CORE_READ(regs, a3)
#define REG_ARG5(regs) BPF_CORE_READ(regs, a4)
/* Never used, as no process is one of the other kind. */
#define REG_COMPAT_ARG1(regs) REG_ARG1(regs)
#define REG_COMPAT_ARG2(regs) REG_ARG2(regs)
#define REG_COMPAT_ARG3(regs) REG_ARG3(regs)
#define REG_COMPAT_ARG4(regs) REG_ARG4(regs)
#define REG_COMPAT_ARG5(regs) REG_ARG5(regs)
#define REG_COMPAT_ARG6(regs) REG_ARG5(regs)

#endif

#endif /* __SYSCALL_H */
