/* Sends as many events to each buffer as the length of its context says. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layouts.h"

DEFINE_EACH_MAP;
DEFINE_SOME_MAP;
DEFINE_QUICK_MAP;
DEFINE_NONE_MAP;

char LICENSE[] SEC("license") = "GPL";

#define SENDER(buffer)                                                   \
	SEC("raw_tp")                                                    \
	int send_##buffer(struct bpf_raw_tracepoint_args *arguments)     \
	{                                                                \
		__u64 count = arguments->args[0];                        \
                                                                         \
		for (__u64 number = 0; number < 512; number++) {         \
			struct seen_event *event;                        \
                                                                         \
			if (number >= count)                             \
				break;                                   \
			event = seen_event_reserve(&buffer);             \
			if (!event)                                      \
				return 1;                                \
			event->number = number;                          \
			buffer##_submit(event);                          \
		}                                                        \
		return 0;                                                \
	}

SENDER(each)
SENDER(some)
SENDER(quick)
SENDER(none)
