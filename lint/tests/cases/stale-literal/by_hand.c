/* A struct of the spec, repeated by hand. */
struct exec_event {
	__u32 pid;
	char comm[32];
	char path[4096];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct key);
	__type(value, struct exec_event);
} execs SEC(".maps");
