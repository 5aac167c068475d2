/* An object whose BTF has the events of either version. */
#include <linux/types.h>
#include "layouts.h"
#include <bpf/bpf_helpers.h>

DEFINE_EVENTS_MAP;

char LICENSE[] SEC("license") = "GPL";
