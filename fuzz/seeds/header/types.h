#define COMM_LEN 16 /* with its NUL */
#define POINTS (1 << 1)
#define TWICE COMM_LEN * POINTS
/* Where. */
struct point { short x, y; };
typedef struct point point_t;
enum colour { RED = 1, /* of fire */ BLUE = -2 };
union either { __u64 wide; __u8 bytes[4 * POINTS]; };
/* A program was started. "*/
struct exec_event {
	__u64 timestamp; // ns \
	__u32 pid;
	__u32 pid; /* who' */
	char comm[COMM_LEN];
	struct point at[POINTS];
	union either u;
	enum colour c;
};
struct numbers { __u8 a; _Bool b; __u64 c; int d : 5; unsigned e : 3; };
