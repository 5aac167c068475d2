/* Sends as many events to each buffer as its context says. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layouts.h"

DEFINE_EACH_MAP;
DEFINE_SOME_MAP;
DEFINE_QUICK_MAP;
DEFINE_NONE_MAP;
DEFINE_NOTES_MAP;
DEFINE_SHARED_MAP;
DEFINE_STORM_MAP;
DEFINE_NOTED_EVENT_SCRATCH;

char LICENSE[] SEC("license") = "GPL";

/* The argument is how many. */
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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[1000]);
} source SEC(".maps");

struct asked {
	__u32 writer;
	__u32 len;
	__u64 first;
	__u64 sent;
};

/*
 * The arguments are the writer, its first number, how many, and bytes of text of each. Returns how many were sent before
 * there was no room.
 */
#define COMPACT_SENDER(buffer)                                                          \
	static long note_##buffer(__u32 index, void *context)                           \
	{                                                                               \
		struct noted_event *event = noted_event_scratch();                      \
		struct asked *asked = context;                                          \
		__u32 zero = 0;                                                         \
		const char *src = bpf_map_lookup_elem(&source, &zero);                  \
                                                                                        \
		if (!event || !src)                                                     \
			return 1;                                                       \
		noted_event_init(event);                                                \
		event->time = bpf_ktime_get_boot_ns();                                  \
		event->number = asked->first + index;                                   \
		event->writer = asked->writer;                                          \
		noted_event_read_text_kernel(event, src, asked->len);                   \
		if (noted_event_submit(&buffer, event, buffer##_wakeup()))              \
			return 1;                                                       \
		asked->sent++;                                                          \
		return 0;                                                               \
	}                                                                               \
                                                                                        \
	SEC("raw_tp")                                                                   \
	int send_##buffer(struct bpf_raw_tracepoint_args *arguments)                    \
	{                                                                               \
		struct asked asked = {                                                  \
			.writer = arguments->args[0],                                   \
			.first = arguments->args[1],                                    \
			.len = arguments->args[3],                                      \
		};                                                                      \
                                                                                        \
		bpf_loop(arguments->args[2], note_##buffer, &asked, 0);                 \
		return asked.sent;                                                      \
	}

COMPACT_SENDER(notes)
COMPACT_SENDER(shared)
COMPACT_SENDER(storm)
