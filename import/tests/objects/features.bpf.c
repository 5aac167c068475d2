/* Everything that structs shared by BPF programs and userspace are made of. */
#include "bpf.h"

#define PATH_LEN 128

enum verdict { VERDICT_PASS = 1, VERDICT_DROP = 2, VERDICT_ASK = 3 };
enum level { LEVEL_NONE = -1, LEVEL_LOW, LEVEL_HIGH } __attribute__((packed));

typedef struct {
	__u32 major;
	__u32 minor;
} device_id;

struct in6_addr {
	__u8 bytes[16];
} __attribute__((aligned(4)));

struct address {
	__be16 port;
	union {
		__be32 v4;
		__u8 v6[16];
		struct {
			__u64 high;
			__u64 low;
		};
	};
};

struct packed_part {
	__u8 kind;
	__u64 value;
	struct address peer;
} __attribute__((packed));

struct key {
	__u32 netns;
	__u16 port;
	__u8 proto;
	__u8 _pad;
};

struct value {
	__u64 when;
	void *task;
	long offset;
	unsigned long mask;
	_Bool known;
	enum verdict verdict;
	enum level level;
	char comm[16];
	unsigned char path[PATH_LEN];
	unsigned char digest[32];
	char args[4][24];
	__s16 deltas[2][3];
	__u32 low : 3;
	__u32 high : 4;
	__u32 : 2;
	__u32 rest : 7;
	__s8 grade;
	device_id device;
	struct in6_addr source;
	struct packed_part part;
	struct {
		__u32 x;
		__u32 y;
	} points[2];
	__u64 far __attribute__((aligned(32)));
	unsigned __int128 wide;
};

struct tail {
	__u32 size;
	__u32 pad[3];
	__u8 flag;
} __attribute__((aligned(16)));

struct {
	__uint(type, 1);
	__uint(max_entries, 10240);
	__type(key, struct key);
	__type(value, struct value);
	__uint(map_flags, 1);
} values SEC(".maps");

struct {
	__uint(type, 6);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tail);
} tails SEC(".maps");

struct inner {
	__uint(type, 2);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct address);
};

struct {
	__uint(type, 13);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__array(values, struct inner);
} outer SEC(".maps");

struct {
	__uint(type, 9);
	__uint(max_entries, 64);
	__uint(key_size, 12);
	__uint(value_size, 4);
	__uint(pinning, 1);
} sized SEC(".maps");

struct {
	__uint(type, 30);
	__uint(max_entries, 100);
	__uint(map_extra, 3);
	__type(value, __u64);
} seen SEC(".maps");

struct settings {
	__u32 pid;
	_Bool verbose;
};

const volatile struct settings settings = {};

SEC("raw_tp/sys_enter")
int program(void *ctx)
{
	return settings.pid;
}
