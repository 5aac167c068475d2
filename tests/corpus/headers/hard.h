typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 uid_alias;
typedef _Bool bool;
#define COMM_LEN 16
#define PATH_LEN (4*COMM_LEN)
#define NEG -1
#define NAME "abc"
static const __u32 fixed = 5;
enum op { OP_OPEN = 1, OP_CLOSE, OP_LAST = OP_CLOSE };
typedef enum { K_A, K_B } kind_t;

enum small { SM_A = -1, SM_B } __attribute__((packed));
enum { ANON_A = 3, ANON_B = 4 };
typedef enum op op_t;
struct fwd;
/** What happened. */
struct event {
  __u64 time; /**< nanoseconds */
  __be16 port;
  char comm[COMM_LEN];
  __u8 path[PATH_LEN];
  enum op op; op_t op2; kind_t kind;
  enum { IN_A, IN_B } inner_kind;
  struct fwd *p;
  int (*cb)(int);
  bool flag;
  const char *name;
  __u32 type;
  void *priv[2];
};
struct bits { __u32 a:3; __u32 b:5; int :4; int s:6; __u64 wide:40; __u8 tail; __u32 :0; __u16 x:1; enum op o:3; bool y:1; __u32 type:3; };
struct __attribute__((packed)) pk { __u8 a; __u64 b; };
struct __attribute__((packed,aligned(4))) pka { __u8 a; __u64 b; };
struct __attribute__((aligned(64))) al { __u32 a; };
union u { __u32 a; __u8 b[7]; };
struct anon { __u32 k; union { __u32 v4; __u8 v6[16]; struct { __u16 a; __u16 b; }; }; struct { __u32 q; } named; union { int z; } arr[3]; };
struct flex { __u32 n; __u16 data[]; };
struct flex0 { __u32 n; struct pk data[0]; };
struct empty {};
struct withempty { __u32 a; struct empty e; };
typedef struct { __u32 a; } foo_t;
struct user { foo_t f; struct al al; __u64 m[2][3]; union u uu; struct flex0 *next; __int128 big; double d; float f2; long l; unsigned long ul; short s; signed char sc;};
struct membal { __u8 a; __u32 b __attribute__((aligned(16))); __u8 c; };
struct packbits { __u8 a; __u32 x:5; __u32 y:27; } __attribute__((packed));
struct bigs { __u64 v; enum small s; long double ld; };
typedef __u32 vec[4];
struct usev { vec v; volatile int vi; _Atomic int at; };
extern int some_fn(struct event *e);
extern struct event gl;
struct __attribute__((packed)) holds_al { __u8 a; struct al al; };
struct bits_only { int :4; __u32 z; };
