/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
#ifndef __COUNT_H
#define __COUNT_H

/*
 * Adds 1 to a member of the only entry of a per-CPU array. Atomic, since a
 * program may be preempted by another on the same CPU.
 */
#define COUNT_IN(map, type, counter)                                \
	do {                                                        \
		__u32 zero = 0;                                     \
		type *stats = bpf_map_lookup_elem(&(map), &zero);   \
		if (stats)                                          \
			__sync_fetch_and_add(&stats->counter, 1);   \
	} while (0)

#endif /* __COUNT_H */
