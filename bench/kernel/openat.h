/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * What all programs of the storm have in common: the call that they look at,
 * and the maps that say whose calls count and what became of them.
 */
#ifndef __OPENAT_H
#define __OPENAT_H

#include <linux/types.h>
#include "layouts.h"
#include <bpf/bpf_helpers.h>

DEFINE_STORM_MAP;
DEFINE_COUNTERS_MAP;

char LICENSE[] SEC("license") = "GPL";

/* /sys/kernel/tracing/events/syscalls/sys_enter_openat/format */
struct openat_call {
	__u64 common;
	__s64 number;
	__u64 arguments[6];
};

#endif /* __OPENAT_H */
