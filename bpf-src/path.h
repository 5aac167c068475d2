/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * The full path of a directory or file, by walking from its dentry up to the
 * root of its mount namespace, across mounts.
 *
 * bpf_d_path() would do this, but the kernel offers it to few programs, none
 * of them tracepoints. The result is what /proc/PID/cwd and /proc/PID/exe
 * show to a reader in the same mount namespace, " (deleted)" included; for a
 * process in a chroot it starts at the namespace's root, not at the chroot.
 * No lock is held: a rename during the walk may give a mix of both paths.
 *
 * A path that does not fit keeps its END, as the file's own name says more
 * than the name of a top directory, and carries the truncation mark: a NUL at
 * PATH_LEN - 2, 0xff in the last byte.
 *
 * The text grows toward the beginning of a buffer, where also stands how far
 * it has come: of a number on the stack, the verifier would follow every value
 * that it may take in the loop.
 *
 * Before a program includes this, it says by path_buffer() where that buffer
 * is: "path_buffers.h" or "owner_room.h". Only the number of the room is handed
 * around, and the buffer looked up anew where it is used, as verifiers do not
 * let a pointer into a map through a loop.
 */
#ifndef __PATH_H
#define __PATH_H

#define DELETED " (deleted)"
#define DELETED_LEN (sizeof(DELETED) - 1)

/*
 * Each component takes two bytes at least, so that half of these rounds fill
 * any path; the other half is for mounts, each of which takes one.
 */
#define PATH_WALK_ROUNDS PATH_LEN

_Static_assert(PATH_LEN > DELETED_LEN + 2, "PATH is too short for any path");
_Static_assert(NAME_LEN > 255, "NAME is shorter than a file's name may be");

/* A walk, from the last component to the first. */
struct path_walk {
	struct dentry *dentry;
	struct mount *mnt;
	/* Whether the root was reached or the buffer is full. */
	__u32 done;
	/* Whether something is missing at the beginning. */
	__u32 cut;
	/* Whose buffer it is put together in. */
	__u32 room;
};

static inline struct mount *path_mount(struct vfsmount *vfsmount)
{
	return (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
}

/*
 * Puts "/name" before what the buffer holds. If there is too little room, as
 * much of the name's end as fits.
 */
static inline void path_prepend(struct path_walk *walk,
				struct path_buffer *buffer,
				const struct qstr *qstr)
{
	__u64 start = buffer->start;
	__u64 len = qstr->len;
	__u64 skip = 0;

	/* The name may change while we look: nothing about it is certain. */
	if (len >= NAME_LEN)
		len = NAME_LEN - 1;
	if (len > start) {
		skip = len - start;
		len = start;
	}
	start -= len;
	/* For the verifier, which does not see that both are small. */
	barrier_var(start);
	barrier_var(len);
	if (start >= PATH_LEN || len >= NAME_LEN)
		return;
	bpf_probe_read_kernel(&buffer->text[start], len, qstr->name + skip);
	if (!start) {
		buffer->start = 0;
		walk->cut = 1;
		walk->done = 1;
		return;
	}
	start--;
	barrier_var(start);
	if (start >= PATH_LEN)
		return;
	buffer->text[start] = '/';
	buffer->start = start;
}

/*
 * One component or one mount; for bpf_loop(), which stops at 1. Verifiers such
 * as that of Linux 6.1 want to see that it is 0 or 1, which a number from memory
 * does not show.
 */
static inline long path_step(__u32 round, struct path_walk *walk)
{
	struct path_buffer *buffer = path_buffer(walk->room);
	struct dentry *dentry = walk->dentry;
	struct mount *mnt = walk->mnt;
	struct dentry *parent;
	struct qstr name;

	if (!buffer || !dentry || !mnt)
		return 1;
	if (dentry == BPF_CORE_READ(mnt, mnt.mnt_root)) {
		struct mount *above = BPF_CORE_READ(mnt, mnt_parent);

		walk->done = above == mnt;
		walk->dentry = BPF_CORE_READ(mnt, mnt_mountpoint);
		walk->mnt = above;
		return walk->done != 0;
	}
	if (BPF_CORE_READ_INTO(&name.len, dentry, d_name.len) ||
	    BPF_CORE_READ_INTO(&name.name, dentry, d_name.name))
		return 1;
	parent = BPF_CORE_READ(dentry, d_parent);
	path_prepend(walk, buffer, &name);
	/* No parent, no mount: a file without a folder, such as a memfd. */
	if (parent == dentry)
		walk->done = 1;
	walk->dentry = parent;
	return walk->done != 0;
}

/*
 * Whether the kernel's d_path() would say that the file is deleted: it is in
 * no directory any more, and not the root of its file system.
 */
static inline bool path_deleted(const struct path_walk *walk)
{
	/* Variables, as BPF_CORE_READ() would relocate `walk->mnt` too. */
	struct dentry *dentry = walk->dentry;
	struct mount *mnt = walk->mnt;

	if (BPF_CORE_READ(dentry, d_hash.pprev))
		return false;
	return dentry != BPF_CORE_READ(dentry, d_parent) ||
	       dentry != BPF_CORE_READ(mnt, mnt.mnt_root);
}

/* A path in the buffer of its room, until the next one is found there. */
struct path_text {
	const char *text;
	/* Bytes without the NUL; 0 if there is no path. */
	__u32 len;
	/* Whether something is missing at the beginning. */
	__u32 cut;
	/* Whether that is so because the text fills a field, but for its mark. */
	__u32 full;
};

static inline void path_find(struct path_text *found, const struct path *path,
			     __u32 room)
{
	struct path_buffer *buffer = path_buffer(room);
	struct path_walk walk = {
		.dentry = BPF_CORE_READ(path, dentry),
		.room = room,
	};
	struct vfsmount *vfsmount = BPF_CORE_READ(path, mnt);
	__u64 start;

	found->len = 0;
	if (!buffer || !vfsmount || !walk.dentry)
		return;
	walk.mnt = path_mount(vfsmount);
	buffer->start = PATH_LEN - 1;
	if (path_deleted(&walk)) {
		buffer->start -= DELETED_LEN;
		__builtin_memcpy(&buffer->text[PATH_LEN - 1 - DELETED_LEN],
				 DELETED, DELETED_LEN);
	}
	bpf_loop(PATH_WALK_ROUNDS, path_step, &walk, 0);
	if (!walk.done)
		walk.cut = 1;
	/* The root of the namespace has no component. */
	if (buffer->start == PATH_LEN - 1) {
		buffer->start--;
		buffer->text[PATH_LEN - 2] = '/';
	}
	start = buffer->start;
	/* The mark in a field takes the place of one byte of text. */
	if (walk.cut && !start)
		start = 1;
	barrier_var(start);
	if (start >= PATH_LEN)
		return;
	found->text = (const char *)&buffer->text[start];
	found->len = PATH_LEN - 1 - start;
	found->cut = walk.cut;
	found->full = walk.cut && start == 1;
}

/* Writes a path to `field`, which has PATH_LEN bytes, all of them zero. */
static inline void path_read(char *field, const struct path *path, __u32 room)
{
	struct path_text found = {};
	__u64 len;

	path_find(&found, path, room);
	len = found.len;
	barrier_var(len);
	if (!len || len >= PATH_LEN)
		return;
	bpf_probe_read_kernel(field, len, found.text);
	if (found.cut)
		field[PATH_LEN - 1] = (char)0xff;
}

/* Whether a field of PATH_LEN bytes bears the mark of what was cut. */
static inline bool path_is_cut(const char *field)
{
	return field[PATH_LEN - 1] == (char)0xff && !field[PATH_LEN - 2];
}

#endif /* __PATH_H */
