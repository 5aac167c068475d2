/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * The arguments of execve and execveat.
 *
 * Numbers: arch/x86/entry/syscalls/, include/uapi/asm-generic/unistd.h,
 * arch/arm64/tools/syscall_32.tbl. They never change.
 */
#ifndef __EXEC_CALL_H
#define __EXEC_CALL_H

#include "syscall.h"

/* The arguments of execve(), and of execveat() but for its directory. */
struct exec_call {
	const char *filename;
	const void *argv;
	/* Bytes of a pointer in `argv`: 4 in a 32-bit process. */
	__u32 pointer_size;
};

enum {
#if defined(__TARGET_ARCH_x86)
	NR_EXECVE = 59,
	NR_EXECVEAT = 322,
	NR_COMPAT_EXECVE = 11,
	NR_COMPAT_EXECVEAT = 358,
#else
	NR_EXECVE = 221,
	NR_EXECVEAT = 281,
#if defined(__TARGET_ARCH_arm64)
	NR_COMPAT_EXECVE = 11,
	NR_COMPAT_EXECVEAT = 387,
#else
	NR_COMPAT_EXECVE = -1,
	NR_COMPAT_EXECVEAT = -1,
#endif
#endif
};

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

#endif /* __EXEC_CALL_H */
