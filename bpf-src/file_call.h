/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * The system calls that name a file, and what they ask for.
 *
 * Numbers: arch/x86/entry/syscalls/, include/uapi/asm-generic/unistd.h,
 * arch/arm64/tools/syscall_32.tbl. They never change.
 */
#ifndef __FILE_CALL_H
#define __FILE_CALL_H

#include "syscall.h"

/* include/uapi/linux/fcntl.h */
#define AT_FDCWD (-100)
#define AT_REMOVEDIR 0x200

/* O_CREAT | O_WRONLY | O_TRUNC, include/uapi/asm-generic/fcntl.h */
#define CREAT_FLAGS 01101

/* Each has arguments of its own, even where they do the same. */
enum file_syscall {
	FILE_SYSCALL_OTHER,
	FILE_SYSCALL_OPEN,
	FILE_SYSCALL_OPENAT,
	FILE_SYSCALL_OPENAT2,
	FILE_SYSCALL_CREAT,
	FILE_SYSCALL_UNLINK,
	FILE_SYSCALL_UNLINKAT,
	FILE_SYSCALL_RMDIR,
	FILE_SYSCALL_RENAME,
	FILE_SYSCALL_RENAMEAT,
	FILE_SYSCALL_RENAMEAT2,
	FILE_SYSCALL_LINK,
	FILE_SYSCALL_LINKAT,
	FILE_SYSCALL_SYMLINK,
	FILE_SYSCALL_SYMLINKAT,
	FILE_SYSCALL_MKDIR,
	FILE_SYSCALL_MKDIRAT,
	FILE_SYSCALL_INOTIFY_ADD_WATCH,
	FILE_SYSCALL_FANOTIFY_MARK,
};

static inline enum file_syscall file_syscall_native(long nr)
{
	switch (nr) {
#if defined(__TARGET_ARCH_x86)
	case 2:
		return FILE_SYSCALL_OPEN;
	case 82:
		return FILE_SYSCALL_RENAME;
	case 83:
		return FILE_SYSCALL_MKDIR;
	case 84:
		return FILE_SYSCALL_RMDIR;
	case 85:
		return FILE_SYSCALL_CREAT;
	case 86:
		return FILE_SYSCALL_LINK;
	case 87:
		return FILE_SYSCALL_UNLINK;
	case 88:
		return FILE_SYSCALL_SYMLINK;
	case 254:
		return FILE_SYSCALL_INOTIFY_ADD_WATCH;
	case 257:
		return FILE_SYSCALL_OPENAT;
	case 258:
		return FILE_SYSCALL_MKDIRAT;
	case 263:
		return FILE_SYSCALL_UNLINKAT;
	case 264:
		return FILE_SYSCALL_RENAMEAT;
	case 265:
		return FILE_SYSCALL_LINKAT;
	case 266:
		return FILE_SYSCALL_SYMLINKAT;
	case 301:
		return FILE_SYSCALL_FANOTIFY_MARK;
	case 316:
		return FILE_SYSCALL_RENAMEAT2;
#else
	case 27:
		return FILE_SYSCALL_INOTIFY_ADD_WATCH;
	case 34:
		return FILE_SYSCALL_MKDIRAT;
	case 35:
		return FILE_SYSCALL_UNLINKAT;
	case 36:
		return FILE_SYSCALL_SYMLINKAT;
	case 37:
		return FILE_SYSCALL_LINKAT;
	case 38:
		return FILE_SYSCALL_RENAMEAT;
	case 56:
		return FILE_SYSCALL_OPENAT;
	case 263:
		return FILE_SYSCALL_FANOTIFY_MARK;
	case 276:
		return FILE_SYSCALL_RENAMEAT2;
#endif
	case 437:
		return FILE_SYSCALL_OPENAT2;
	default:
		return FILE_SYSCALL_OTHER;
	}
}

/* 32-bit x86 and arm have the same numbers of old, and others of late. */
static inline enum file_syscall file_syscall_compat(long nr)
{
	switch (nr) {
	case 5:
		return FILE_SYSCALL_OPEN;
	case 8:
		return FILE_SYSCALL_CREAT;
	case 9:
		return FILE_SYSCALL_LINK;
	case 10:
		return FILE_SYSCALL_UNLINK;
	case 38:
		return FILE_SYSCALL_RENAME;
	case 39:
		return FILE_SYSCALL_MKDIR;
	case 40:
		return FILE_SYSCALL_RMDIR;
	case 83:
		return FILE_SYSCALL_SYMLINK;
#if defined(__TARGET_ARCH_x86)
	case 292:
		return FILE_SYSCALL_INOTIFY_ADD_WATCH;
	case 295:
		return FILE_SYSCALL_OPENAT;
	case 296:
		return FILE_SYSCALL_MKDIRAT;
	case 301:
		return FILE_SYSCALL_UNLINKAT;
	case 302:
		return FILE_SYSCALL_RENAMEAT;
	case 303:
		return FILE_SYSCALL_LINKAT;
	case 304:
		return FILE_SYSCALL_SYMLINKAT;
	case 339:
		return FILE_SYSCALL_FANOTIFY_MARK;
	case 353:
		return FILE_SYSCALL_RENAMEAT2;
#else
	case 317:
		return FILE_SYSCALL_INOTIFY_ADD_WATCH;
	case 322:
		return FILE_SYSCALL_OPENAT;
	case 323:
		return FILE_SYSCALL_MKDIRAT;
	case 328:
		return FILE_SYSCALL_UNLINKAT;
	case 329:
		return FILE_SYSCALL_RENAMEAT;
	case 330:
		return FILE_SYSCALL_LINKAT;
	case 331:
		return FILE_SYSCALL_SYMLINKAT;
	case 368:
		return FILE_SYSCALL_FANOTIFY_MARK;
	case 382:
		return FILE_SYSCALL_RENAMEAT2;
#endif
	case 437:
		return FILE_SYSCALL_OPENAT2;
	default:
		return FILE_SYSCALL_OTHER;
	}
}

/* Cheap, as every system call of the machine comes through here. */
static inline enum file_syscall file_syscall(long nr)
{
	return syscall_is_compat() ? file_syscall_compat(nr)
				   : file_syscall_native(nr);
}

/* What a call is called with. */
struct file_call {
	/* All but the time and the umask; `dirfd` is that of `path`. */
	struct file_request request;
	const char *path;
	/* The second path; there is one if `pair` says so. */
	const char *to;
	__s32 to_dirfd;
	__u32 pair;
};

/* The registers, those that a call of this kind of process has. */
struct file_registers {
	__u64 arg[5];
	/* Only for fanotify_mark, whose mask then takes two registers. */
	__u64 sixth;
	bool compat;
};

static inline void file_registers_read(struct file_registers *from,
				       struct pt_regs *regs)
{
	from->compat = syscall_is_compat();
	if (from->compat) {
		from->arg[0] = REG_COMPAT_ARG1(regs);
		from->arg[1] = REG_COMPAT_ARG2(regs);
		from->arg[2] = REG_COMPAT_ARG3(regs);
		from->arg[3] = REG_COMPAT_ARG4(regs);
		from->arg[4] = REG_COMPAT_ARG5(regs);
		from->sixth = REG_COMPAT_ARG6(regs);
	} else {
		from->arg[0] = REG_ARG1(regs);
		from->arg[1] = REG_ARG2(regs);
		from->arg[2] = REG_ARG3(regs);
		from->arg[3] = REG_ARG4(regs);
		from->arg[4] = REG_ARG5(regs);
	}
}

/* include/uapi/linux/openat2.h */
struct open_how {
	__u64 flags;
	__u64 mode;
	__u64 resolve;
};

static inline void file_call_open_how(struct file_call *call, __u64 address)
{
	struct open_how how = {};

	if (bpf_probe_read_user(&how, sizeof(how), (void *)address))
		call->request.missing |= FILE_MISSING_HOW;
	call->request.flags = how.flags;
	call->request.mode = how.mode;
	call->request.resolve = how.resolve;
}

/* `at` is the argument with the descriptor, which the path follows. */
#define FILE_CALL_PATH(call, arg, at)                                          \
	do {                                                                   \
		(call)->request.dirfd = (arg)[at];                             \
		(call)->path = (const char *)(arg)[(at) + 1];                  \
	} while (0)
#define FILE_CALL_TO(call, arg, at)                                            \
	do {                                                                   \
		(call)->to_dirfd = (arg)[at];                                  \
		(call)->to = (const char *)(arg)[(at) + 1];                    \
		(call)->pair = true;                                           \
	} while (0)

/* Calls without descriptors begin at the working directory. */
static inline void file_call_plain(struct file_call *call, const __u64 *arg)
{
	call->request.dirfd = AT_FDCWD;
	call->path = (const char *)arg[0];
}

static inline void file_call_plain_pair(struct file_call *call,
					const __u64 *arg)
{
	file_call_plain(call, arg);
	call->to_dirfd = AT_FDCWD;
	call->to = (const char *)arg[1];
	call->pair = true;
}

static inline void file_call_fanotify(struct file_call *call,
				      const struct file_registers *from)
{
	const __u64 *arg = from->arg;

	call->request.group = arg[0];
	call->request.flags = arg[1];
	if (from->compat) {
		call->request.mask = arg[2] | arg[3] << 32;
		call->request.dirfd = arg[4];
		call->path = (const char *)from->sixth;
	} else {
		call->request.mask = arg[2];
		FILE_CALL_PATH(call, arg, 3);
	}
}

static inline void file_call_fill(struct file_call *call,
				  enum file_syscall syscall,
				  const struct file_registers *from)
{
	struct file_request *request = &call->request;
	const __u64 *arg = from->arg;

	switch (syscall) {
	case FILE_SYSCALL_OPEN:
		request->op = FILE_OP_OPEN;
		file_call_plain(call, arg);
		request->flags = arg[1];
		request->mode = arg[2];
		break;
	case FILE_SYSCALL_OPENAT:
		request->op = FILE_OP_OPEN;
		FILE_CALL_PATH(call, arg, 0);
		request->flags = arg[2];
		request->mode = arg[3];
		break;
	case FILE_SYSCALL_OPENAT2:
		request->op = FILE_OP_OPEN;
		FILE_CALL_PATH(call, arg, 0);
		file_call_open_how(call, arg[2]);
		break;
	case FILE_SYSCALL_CREAT:
		request->op = FILE_OP_OPEN;
		file_call_plain(call, arg);
		request->flags = CREAT_FLAGS;
		request->mode = arg[1];
		break;
	case FILE_SYSCALL_UNLINK:
		request->op = FILE_OP_UNLINK;
		file_call_plain(call, arg);
		break;
	case FILE_SYSCALL_UNLINKAT:
		request->op =
			arg[2] & AT_REMOVEDIR ? FILE_OP_RMDIR : FILE_OP_UNLINK;
		FILE_CALL_PATH(call, arg, 0);
		request->flags = arg[2];
		break;
	case FILE_SYSCALL_RMDIR:
		request->op = FILE_OP_RMDIR;
		file_call_plain(call, arg);
		break;
	case FILE_SYSCALL_RENAME:
		request->op = FILE_OP_RENAME;
		file_call_plain_pair(call, arg);
		break;
	case FILE_SYSCALL_RENAMEAT2:
		request->flags = arg[4];
		/* fallthrough */
	case FILE_SYSCALL_RENAMEAT:
		request->op = FILE_OP_RENAME;
		FILE_CALL_PATH(call, arg, 0);
		FILE_CALL_TO(call, arg, 2);
		break;
	case FILE_SYSCALL_LINK:
		request->op = FILE_OP_LINK;
		file_call_plain_pair(call, arg);
		break;
	case FILE_SYSCALL_LINKAT:
		request->op = FILE_OP_LINK;
		FILE_CALL_PATH(call, arg, 0);
		FILE_CALL_TO(call, arg, 2);
		request->flags = arg[4];
		break;
	case FILE_SYSCALL_SYMLINK:
		request->op = FILE_OP_SYMLINK;
		file_call_plain_pair(call, arg);
		break;
	case FILE_SYSCALL_SYMLINKAT:
		request->op = FILE_OP_SYMLINK;
		file_call_plain(call, arg);
		FILE_CALL_TO(call, arg, 1);
		break;
	case FILE_SYSCALL_MKDIR:
		request->op = FILE_OP_MKDIR;
		file_call_plain(call, arg);
		request->mode = arg[1];
		break;
	case FILE_SYSCALL_MKDIRAT:
		request->op = FILE_OP_MKDIR;
		FILE_CALL_PATH(call, arg, 0);
		request->mode = arg[2];
		break;
	case FILE_SYSCALL_INOTIFY_ADD_WATCH:
		request->op = FILE_OP_INOTIFY;
		request->dirfd = AT_FDCWD;
		request->group = arg[0];
		call->path = (const char *)arg[1];
		request->mask = (__u32)arg[2];
		break;
	case FILE_SYSCALL_FANOTIFY_MARK:
		request->op = FILE_OP_FANOTIFY;
		file_call_fanotify(call, from);
		break;
	case FILE_SYSCALL_OTHER:
		break;
	}
}

/* Reads the arguments of such a call. */
static __noinline void file_call_read(struct file_call *call,
				      struct pt_regs *regs,
				      enum file_syscall syscall)
{
	struct file_registers from = {};

	__builtin_memset(call, 0, sizeof(*call));
	file_registers_read(&from, regs);
	file_call_fill(call, syscall, &from);
}

#endif /* __FILE_CALL_H */
