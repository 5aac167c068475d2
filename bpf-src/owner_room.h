/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * Where what is noted of an owner is put together: a socket's value, its paths,
 * and what stands in `socket_owners`. There are several rooms on each CPU, since
 * a program of a cgroup that is at it may be preempted by another one, and each
 * belongs to whoever has taken it until that gives it back.
 *
 * A program that includes this needs DEFINE_OWNER_ROOMS_MAP.
 */
#ifndef __OWNER_ROOM_H
#define __OWNER_ROOM_H

static inline struct owner_room *owner_room(__u32 room)
{
	return bpf_map_lookup_elem(&owner_rooms, &room);
}

static inline struct path_buffer *path_buffer(__u32 room)
{
	struct owner_room *taken = owner_room(room);

	if (!taken)
		return NULL;
	/*
	 * clang 16 would add the place of the path first and then look whether
	 * there is a room, and verifiers do not let it.
	 */
	barrier_var(taken);
	return &taken->path;
}

/*
 * Takes a room that no program on this CPU has; ROOMS_MAX_ENTRIES if there is
 * none. One that interrupts or preempts us anywhere in here adds to `taken` as
 * well, so that whoever reads 1 after its own addition is alone.
 */
static inline __u32 owner_room_take(void)
{
	for (__u32 room = 0; room < ROOMS_MAX_ENTRIES; room++) {
		struct owner_room *taken = owner_room(room);

		if (!taken)
			break;
		__sync_fetch_and_add(&taken->taken, 1);
		if (*(volatile __u64 *)&taken->taken == 1) {
			/* Known numbers would be verified one by one. */
			taken->room = room;
			return *(volatile __u32 *)&taken->room;
		}
		__sync_fetch_and_add(&taken->taken, -1ULL);
	}
	return ROOMS_MAX_ENTRIES;
}

static inline void owner_room_give(__u32 room)
{
	struct owner_room *taken = owner_room(room);

	if (taken)
		__sync_fetch_and_add(&taken->taken, -1ULL);
}

#endif /* __OWNER_ROOM_H */
