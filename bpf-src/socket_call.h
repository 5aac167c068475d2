/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * The system calls after which a socket may have a port that it did not have
 * before, and which socket that is.
 *
 * Numbers: arch/x86/entry/syscalls/, include/uapi/asm-generic/unistd.h,
 * arch/arm64/tools/syscall_32.tbl, include/uapi/linux/net.h. They never change.
 */
#ifndef __SOCKET_CALL_H
#define __SOCKET_CALL_H

#include "fd.h"
#include "syscall.h"

/* include/uapi/linux/magic.h, include/uapi/asm-generic/errno.h */
#define SOCKFS_MAGIC 0x534f434b
#define EINPROGRESS 115

#if defined(__TARGET_ARCH_x86)

/* All in one call, which takes the number of the other and its arguments. */
#define NR_COMPAT_SOCKETCALL 102

static inline bool socket_call_is_native_claim(long nr)
{
	return nr == 49 /* bind */ || nr == 50 /* listen */ ||
	       nr == 42 /* connect */;
}

static inline bool socket_call_is_native_send(long nr)
{
	return nr == 44 /* sendto */ || nr == 46 /* sendmsg */ ||
	       nr == 307 /* sendmmsg */;
}

static inline bool socket_call_is_native_accept(long nr)
{
	return nr == 43 /* accept */ || nr == 288 /* accept4 */;
}

static inline bool socket_call_is_compat_claim(long nr)
{
	return nr == 361 /* bind */ || nr == 363 /* listen */ ||
	       nr == 362 /* connect */;
}

static inline bool socket_call_is_compat_send(long nr)
{
	return nr == 369 /* sendto */ || nr == 370 /* sendmsg */ ||
	       nr == 345 /* sendmmsg */;
}

static inline bool socket_call_is_compat_accept(long nr)
{
	return nr == 364 /* accept4 */;
}

#else

#define NR_COMPAT_SOCKETCALL (-1)

static inline bool socket_call_is_native_claim(long nr)
{
	return nr == 200 /* bind */ || nr == 201 /* listen */ ||
	       nr == 203 /* connect */;
}

static inline bool socket_call_is_native_send(long nr)
{
	return nr == 206 /* sendto */ || nr == 211 /* sendmsg */ ||
	       nr == 269 /* sendmmsg */;
}

static inline bool socket_call_is_native_accept(long nr)
{
	return nr == 202 /* accept */ || nr == 242 /* accept4 */;
}

static inline bool socket_call_is_compat_claim(long nr)
{
	return nr == 282 /* bind */ || nr == 284 /* listen */ ||
	       nr == 283 /* connect */;
}

static inline bool socket_call_is_compat_send(long nr)
{
	return nr == 290 /* sendto */ || nr == 296 /* sendmsg */ ||
	       nr == 374 /* sendmmsg */;
}

static inline bool socket_call_is_compat_accept(long nr)
{
	return nr == 285 /* accept */ || nr == 366 /* accept4 */;
}

#endif

/* What a call does about the port of a socket. */
enum socket_call {
	SOCKET_CALL_OTHER,
	/* Takes one, or the one that it has for something new. */
	SOCKET_CALL_CLAIM,
	/* Takes one if the socket has none. */
	SOCKET_CALL_SEND,
	/* Gives a new socket the port of the listening one. */
	SOCKET_CALL_ACCEPT,
};

/* The first argument of a socketcall(), include/uapi/linux/net.h. */
static inline enum socket_call socketcall_kind(__u32 call)
{
	switch (call) {
	case 2: /* SYS_BIND */
	case 3: /* SYS_CONNECT */
	case 4: /* SYS_LISTEN */
		return SOCKET_CALL_CLAIM;
	case 11: /* SYS_SENDTO */
	case 16: /* SYS_SENDMSG */
	case 20: /* SYS_SENDMMSG */
		return SOCKET_CALL_SEND;
	case 5: /* SYS_ACCEPT */
	case 18: /* SYS_ACCEPT4 */
		return SOCKET_CALL_ACCEPT;
	default:
		return SOCKET_CALL_OTHER;
	}
}

static inline enum socket_call socket_call_compat_kind(struct pt_regs *regs,
						       long nr)
{
	if (nr == NR_COMPAT_SOCKETCALL)
		return socketcall_kind(REG_COMPAT_ARG1(regs));
	if (socket_call_is_compat_claim(nr))
		return SOCKET_CALL_CLAIM;
	if (socket_call_is_compat_send(nr))
		return SOCKET_CALL_SEND;
	if (socket_call_is_compat_accept(nr))
		return SOCKET_CALL_ACCEPT;
	return SOCKET_CALL_OTHER;
}

static inline enum socket_call socket_call_native_kind(long nr)
{
	if (socket_call_is_native_claim(nr))
		return SOCKET_CALL_CLAIM;
	if (socket_call_is_native_send(nr))
		return SOCKET_CALL_SEND;
	if (socket_call_is_native_accept(nr))
		return SOCKET_CALL_ACCEPT;
	return SOCKET_CALL_OTHER;
}

static inline enum socket_call socket_call_kind(struct pt_regs *regs, long nr)
{
	return syscall_is_compat() ? socket_call_compat_kind(regs, nr)
				   : socket_call_native_kind(nr);
}

/* The file descriptor that a claim, send or accept is called with, or -1. */
static inline long socket_call_fd(struct pt_regs *regs, long nr)
{
	__u32 fd = -1;

	if (!syscall_is_compat())
		return (__u32)REG_ARG1(regs);
	if (nr != NR_COMPAT_SOCKETCALL)
		return REG_COMPAT_ARG1(regs);
	if (bpf_probe_read_user(&fd, sizeof(fd),
				(void *)(__u64)REG_COMPAT_ARG2(regs)))
		return -1;
	return fd;
}

/* The socket behind a descriptor of the current process, or NULL. */
static inline struct sock *socket_of_fd(struct task_struct *task, __u32 fd)
{
	struct file *file = fd_file(task, fd);
	struct inode *inode;
	struct socket *socket;

	if (!file)
		return NULL;
	inode = BPF_CORE_READ(file, f_inode);
	if (BPF_CORE_READ(inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

#endif /* __SOCKET_CALL_H */
