/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * One buffer on each CPU that paths are put together in, for programs of which
 * none interrupts another at that: those of raw tracepoints, where preemption
 * is off.
 *
 * A program that includes this needs DEFINE_PATH_BUFFERS_MAP.
 */
#ifndef __PATH_BUFFERS_H
#define __PATH_BUFFERS_H

static inline struct path_buffer *path_buffer(__u32 room)
{
	return bpf_map_lookup_elem(&path_buffers, &room);
}

#endif /* __PATH_BUFFERS_H */
