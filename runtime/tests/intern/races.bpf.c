/* Interns many strings in one run, and has happen what else would happen once in a million times. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define STRINGS 512

char LICENSE[] SEC("license") = "GPL";

/* What the test asks for, and what it counts. */
struct race {
	__u64 patience; /* how often a CPU looks whether the other one has come, too */
	__u64 arrived;
	__u64 faster; /* how often an entry was there that had not been there just before */
	__u64 taken; /* which of the entries that are found next is taken out at once */
	__u64 pause; /* how long one looks away when one has found an entry */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct race);
} race SEC(".maps");

static struct race *the_race(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&race, &zero);
}

struct waiting {
	volatile __u64 *arrived;
	__u64 until;
};

static long look(__u32 round, void *context)
{
	struct waiting *waiting = context;

	(void)round;
	return *waiting->arrived >= waiting->until;
}

/* Whoever comes first waits for the second. If nobody comes, it goes on alone. */
static __always_inline void meet(__u32 times)
{
	struct race *it = the_race();
	struct waiting waiting;
	__u64 before;

	if (!it || !it->patience)
		return;
	before = __sync_fetch_and_add(&it->arrived, 1);
	if (before & 1)
		return;
	waiting.arrived = &it->arrived;
	waiting.until = before + 2;
	bpf_loop((__u32)it->patience * times, look, &waiting, 0);
}

static __always_inline long entered(long err)
{
	struct race *it = the_race();

	if (it && err == -17) /* EEXIST */
		__sync_fetch_and_add(&it->faster, 1);
	return err;
}

static long look_away(__u32 round, void *context)
{
	(void)round;
	(void)context;
	return 0;
}

static __always_inline void *found(void *map, const void *key, void *entry)
{
	struct race *it = the_race();

	if (!it || !entry)
		return entry;
	if (it->taken && !--it->taken)
		bpf_map_delete_elem(map, key);
	if (it->pause)
		bpf_loop((__u32)it->pause, look_away, 0, 0);
	return entry;
}

/*
 * In the generated functions, which call helpers by pointers of these names: two CPUs that both have found no entry meet
 * before they make one, and what was found may be taken out before it is used.
 */
#define update(map, key, value, flags) (meet(1), entered(update(map, key, value, flags)))
#define lookup(map, key) found(map, key, lookup(map, key))
#include "layouts.h"
#undef update
#undef lookup

DEFINE_NAME_INTERN;
DEFINE_FEW_INTERN;

struct text {
	__u32 len;
	char bytes[28];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STRINGS);
	__type(key, __u32);
	__type(value, struct text);
} texts SEC(".maps");

/* Of each string the id that it had for each of two threads, as whatever refers to it has. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * STRINGS);
	__type(key, __u32);
	__type(value, __u64);
} ids SEC(".maps");

struct walk {
	__u32 thread;
	__u32 first;
	__u32 count;
	__u32 backwards;
};

/*
 * The arguments are the thread, the first string, how many, and whether the last of them is met first. Where threads meet,
 * they begin together: a busy machine may let the second run much later than the first.
 */
#define WALK(dictionary)                                                                            \
	static long visit_##dictionary(__u32 index, void *context)                                  \
	{                                                                                           \
		struct walk *walk = context;                                                        \
		__u32 at = walk->first + (walk->backwards ? walk->count - 1 - index : index);       \
		__u32 place = walk->thread * STRINGS + at;                                          \
		struct text *text = bpf_map_lookup_elem(&texts, &at);                               \
		__u64 *id = bpf_map_lookup_elem(&ids, &place);                                      \
                                                                                                    \
		if (!text || !id)                                                                   \
			return 1;                                                                   \
		*id = dictionary##_intern_bytes(text->bytes, text->len).id;                         \
		return 0;                                                                           \
	}                                                                                           \
                                                                                                    \
	SEC("raw_tp")                                                                               \
	int walk_##dictionary(struct bpf_raw_tracepoint_args *arguments)                            \
	{                                                                                           \
		struct walk walk = {                                                                \
			.thread = arguments->args[0],                                               \
			.first = arguments->args[1],                                                \
			.count = arguments->args[2],                                                \
			.backwards = arguments->args[3],                                            \
		};                                                                                  \
                                                                                                    \
		meet(256);                                                                          \
		return bpf_loop(walk.count, visit_##dictionary, &walk, 0) != walk.count;            \
	}

WALK(name)
WALK(few)

/* Makes a string as old as can be, in its place: an update from outside would give it another. */
static long make_old(__u32 at, void *context)
{
	__u64 *id = bpf_map_lookup_elem(&ids, &at);
	struct name_string *name;
	struct few_string *few;

	(void)context;
	if (!id)
		return 1;
	name = bpf_map_lookup_elem(&name_strings, id);
	if (name)
		name->used = 1;
	few = bpf_map_lookup_elem(&few_strings, id);
	if (few)
		few->used = 1;
	return 0;
}

SEC("raw_tp")
int make_all_old(void *context)
{
	(void)context;
	bpf_loop(2 * STRINGS, make_old, 0, 0);
	return 0;
}
