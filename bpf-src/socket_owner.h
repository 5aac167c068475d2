/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * Who opened sockets, once for all sockets that have the same to say.
 *
 * `socket_owners` has what was found, under a random number, and counts the
 * sockets that refer to it: who gives the last of them up removes it. What a
 * process was when it last opened a socket is found by its id, so that its next
 * socket can share it if nothing has changed since. A count that has reached 0
 * never rises again, as somebody is about to remove the entry; then the same is
 * entered once more, under another number.
 *
 * Paths repeat even more than owners do, and stand in `path_strings`. If that
 * has no room, the owner has no path; userspace removes what no owner has.
 *
 * A program that includes this needs DEFINE_SOCKET_OWNERS_MAP,
 * DEFINE_SOCKET_OWNER_IDS_MAP, DEFINE_PATH_INTERN, "owner_room.h" and
 * "task.h".
 */
#ifndef __SOCKET_OWNER_H
#define __SOCKET_OWNER_H

/* How often another CPU may come in between before we enter it once more. */
#define SOCKET_OWNER_TRIES 8

/* Compared as words: everything but the count at the end. */
#define SOCKET_OWNER_WORDS (__builtin_offsetof(struct socket_owner, sockets) / 4)
_Static_assert(__builtin_offsetof(struct socket_owner, sockets) % 4 == 0,
	       "`sockets` must be behind what is compared");

struct socket_owner_pair {
	__u32 room;
	__u32 id;
	__u32 differ;
};

/* One word; for bpf_loop(), which stops at 1. */
static inline long socket_owner_compare(__u32 word,
					struct socket_owner_pair *pair)
{
	const __u32 *b = bpf_map_lookup_elem(&socket_owners, &pair->id);
	struct owner_room *room = owner_room(pair->room);
	const __u32 *a;

	if (!room || !b || word >= SOCKET_OWNER_WORDS)
		return 1;
	a = (const __u32 *)&room->owner;
	pair->differ = a[word] != b[word];
	return pair->differ;
}

/* Whether the entry says the same as what is in the room. */
static inline bool socket_owner_is_same(__u32 id, __u32 room)
{
	struct socket_owner_pair pair = { .id = id, .room = room };

	return bpf_loop(SOCKET_OWNER_WORDS, socket_owner_compare, &pair, 0) ==
		       SOCKET_OWNER_WORDS &&
	       !pair.differ;
}

/* Counts one more socket, unless the last one has just been given up. */
static inline bool socket_owner_get(struct socket_owner *owner)
{
	for (int i = 0; i < SOCKET_OWNER_TRIES; i++) {
		__u32 sockets = owner->sockets;

		if (!sockets)
			return false;
		if (__sync_val_compare_and_swap(&owner->sockets, sockets,
						sockets + 1) == sockets)
			return true;
	}
	return false;
}

static inline void socket_owner_put(__u32 id)
{
	struct socket_owner *owner = bpf_map_lookup_elem(&socket_owners, &id);

	if (owner && __sync_fetch_and_sub(&owner->sockets, 1) == 1)
		bpf_map_delete_elem(&socket_owners, &id);
}

/* Sets the id of a path, if there is a path and room for it. */
static inline void socket_owner_path(struct path_id *id,
				     const struct path *path, __u32 room)
{
	struct path_text found = {};
	__u32 len;

	if (!path)
		return;
	path_find(&found, path, room);
	if (!found.len)
		return;
	len = found.len;
	/* Of more bytes than there is room for, it is marked that it is cut. */
	if (found.full)
		len += 2;
	*id = path_intern_bytes(found.text, len);
}

/* What there is to say of the current task. */
static inline void socket_owner_read(struct socket_owner *owner,
				     struct task_struct *task, __u32 room)
{
	socket_owner_init(owner);
	owner->mntns = task_mntns(task);
	owner->uid_gid = task_uid_gid(task);
	owner->ppid = task_ppid(task);
	owner->pid = task_pid_tgid(task) >> 32;
	socket_owner_read_task_kernel(owner, task->comm);
	socket_owner_read_ptask_kernel(owner, task_parent_comm(task));
	socket_owner_path(&owner->cwd, task_cwd(task), room);
	socket_owner_path(&owner->exepath, task_exepath(task), room);
}

/* The number under which the current task stands, or 0 if there is no room. */
static inline __u32 socket_owner_enter(struct socket_owner *owner,
				       struct task_struct *task, __u32 room)
{
	__u32 tgid = task_pid_tgid(task) >> 32;
	__u32 *known = bpf_map_lookup_elem(&socket_owner_ids, &tgid);
	__u32 id = known ? *known : 0;

	socket_owner_read(owner, task, room);
	if (id && socket_owner_is_same(id, room)) {
		struct socket_owner *entry =
			bpf_map_lookup_elem(&socket_owners, &id);

		if (entry && socket_owner_get(entry))
			return id;
	}
	/* Not 0, and no more bits than a socket has for it. */
	id = bpf_get_prandom_u32() >> 1 | 1;
	owner->sockets = 1;
	if (bpf_map_update_elem(&socket_owners, &id, owner, BPF_NOEXIST))
		return 0;
	/* If this has no room, the next socket has an entry of its own. */
	bpf_map_update_elem(&socket_owner_ids, &tgid, &id, BPF_ANY);
	return id;
}

/* A process has ended; what it was stays as long as its sockets. */
static inline void socket_owner_forget(__u32 tgid)
{
	bpf_map_delete_elem(&socket_owner_ids, &tgid);
}

#endif /* __SOCKET_OWNER_H */
