// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/*
 * Who owns the socket that a packet comes from or goes to.
 *
 * A port is entered into `gadget_sockets` when the call returns by which its
 * socket got it: bind, listen, connect, accept, or the first datagram; or
 * before, when that call sends a packet. It goes
 * when the socket gives it up: when TCP has closed it, or when the last
 * descriptor of any other socket is closed, by whatever means. Each packet of a
 * socket is then looked up by the port at its end, and leaves through `packets`
 * with the name of the owner.
 *
 *   opened = closed + replaced + entries of `gadget_sockets`
 *
 * These programs interrupt one another: a packet arrives while a task that sends
 * one is at it. So there are several rooms on each CPU to put events together in,
 * and to note owners in.
 *
 * Where the spec leaves the owner out of `gadget_sockets` (profile lean), it
 * stands once in `socket_owners`, and its paths once in `path_strings`.
 *
 * Sockets share a port after accept(), and with SO_REUSEPORT: the owner is who
 * took it first, or last, of these.
 *
 * Needs Linux 5.17 (bpf_loop()) with BTF, and a mounted cgroup2; no tracefs, no
 * kprobes, no fentry.
 */
#include "layouts.h"
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

DEFINE_GADGET_SOCKETS_MAP;
DEFINE_PACKETS_MAP;
DEFINE_SOCKETS_OPENING_MAP;
DEFINE_SOCKET_STATS_MAP;
DEFINE_OWNER_ROOMS_MAP;
DEFINE_PACKET_EVENT_SCRATCH;
#if SOCKET_VALUE_HAS_OWNER
DEFINE_SOCKET_OWNERS_MAP;
DEFINE_SOCKET_OWNER_IDS_MAP;
DEFINE_PATH_INTERN;
#endif

#include "count.h"
#include "owner_room.h"
#include "packet.h"
#include "socket_call.h"
#include "task.h"
#if SOCKET_VALUE_HAS_OWNER
#include "socket_owner.h"
#endif

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* include/net/tcp_states.h */
#define TCP_CLOSE 7

#define COUNT(counter) COUNT_IN(socket_stats, struct socket_counters, counter)

/* The key of a socket; false if it is not one that has ports. */
static bool read_key(struct socket_key *key, struct sock *sk, __u16 port)
{
	socket_key_init(key);
	key->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	key->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	key->proto = BPF_CORE_READ(sk, sk_protocol);
	key->port = port;
	return port &&
	       (key->family == IP_FAMILY_INET ||
		key->family == IP_FAMILY_INET6) &&
	       (key->proto == IP_PROTO_TCP || key->proto == IP_PROTO_UDP);
}

/* Removes a socket; whether it was there. */
static bool remove(const struct socket_key *key, __u64 sock)
{
	struct socket_value *value = bpf_map_lookup_elem(&gadget_sockets, key);
#if SOCKET_VALUE_HAS_OWNER
	__u32 owner = value ? value->owner : 0;
#endif

	if (!value || value->sock != sock ||
	    bpf_map_delete_elem(&gadget_sockets, key))
		return false;
#if SOCKET_VALUE_HAS_OWNER
	socket_owner_put(owner);
#endif
	return true;
}

/* The current task as the owner; false if there is no room for it. */
static bool read_owner(struct owner_room *noted, struct task_struct *task,
		       __u32 room)
{
	struct socket_value *value = &noted->value;

#if SOCKET_VALUE_HAS_PID_TGID
	value->pid_tgid = task_pid_tgid(task);
#endif
#if SOCKET_VALUE_HAS_TID
	value->tid = task_pid_tgid(task);
#endif
#if SOCKET_VALUE_HAS_OWNER
	value->owner = socket_owner_enter(&noted->owner, task, room);
	if (!value->owner)
		return false;
#endif
#if SOCKET_VALUE_HAS_MNTNS
	value->mntns = task_mntns(task);
#endif
#if SOCKET_VALUE_HAS_UID_GID
	value->uid_gid = task_uid_gid(task);
#endif
#if SOCKET_VALUE_HAS_PPID
	value->ppid = task_ppid(task);
#endif
	socket_value_read_task_kernel(value, task->comm);
	socket_value_read_ptask_kernel(value, task_parent_comm(task));
#if SOCKET_VALUE_HAS_CWD
	task_read_cwd(value->cwd, task, room);
#endif
#if SOCKET_VALUE_HAS_EXEPATH
	task_read_exepath(value->exepath, task, room);
#endif
	return true;
}

/* Enters a socket of the current task. */
static inline void note(const struct socket_key *key, struct sock *sk,
			struct task_struct *task, __u32 room)
{
	struct owner_room *noted = owner_room(room);
	struct socket_value *value;

	if (!noted)
		return;
	value = &noted->value;
	socket_value_init(value);
	value->sock = (__u64)sk;
	value->opened = bpf_ktime_get_boot_ns();
	value->ipv6only = BPF_CORE_READ_BITFIELD_PROBED(
		sk, __sk_common.skc_ipv6only);
	if (!read_owner(noted, task, room)) {
		COUNT(lost_owners_full);
		return;
	}
	if (!bpf_map_update_elem(&gadget_sockets, key, value, BPF_NOEXIST)) {
		COUNT(opened);
		return;
	}
#if SOCKET_VALUE_HAS_OWNER
	socket_owner_put(value->owner);
#endif
	/* Otherwise, another CPU was faster with the same port. */
	if (!bpf_map_lookup_elem(&gadget_sockets, key))
		COUNT(lost_sockets_full);
}

/* The current task has opened a socket, and nobody else stands at its port. */
static void insert(const struct socket_key *key, struct sock *sk,
		   struct task_struct *task)
{
	__u32 room = owner_room_take();

	if (room >= ROOMS_MAX_ENTRIES) {
		COUNT(lost_owners_busy);
		return;
	}
	note(key, sk, task, room);
	owner_room_give(room);
}

/* A socket without a port may get one now, and send a packet at once. */
SEC("raw_tp/sys_enter")
int sockets_opening_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs = (void *)ctx->args[0];
	enum socket_call call = socket_call_kind(regs, ctx->args[1]);
	__u64 task_key = (__u64)task;
	struct sock *sk;
	__u64 sock;

	if (call != SOCKET_CALL_CLAIM && call != SOCKET_CALL_SEND)
		return 0;
	sk = socket_of_fd(task, socket_call_fd(regs, ctx->args[1]));
	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_num))
		return 0;
	sock = (__u64)sk;
	bpf_map_update_elem(&sockets_opening, &task_key, &sock, BPF_ANY);
	return 0;
}

/* The current task has made this call, by which `sk` may have got a port. */
static void opened(struct task_struct *task, struct sock *sk,
		   enum socket_call call)
{
	struct socket_value *known;
	struct socket_key key;

	if (!read_key(&key, sk, BPF_CORE_READ(sk, __sk_common.skc_num)))
		return;
	known = bpf_map_lookup_elem(&gadget_sockets, &key);
	if (known) {
		/* Accepted sockets have the port of the listening one. */
		if (known->sock == (__u64)sk || call != SOCKET_CALL_CLAIM)
			return;
		if (remove(&key, known->sock))
			COUNT(replaced);
	}
	insert(&key, sk, task);
}

SEC("raw_tp/sys_exit")
int sockets_opened(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs = (void *)ctx->args[0];
	long ret = ctx->args[1];
	long nr = REG_NR(regs);
	enum socket_call call = socket_call_kind(regs, nr);
	__u64 task_key = (__u64)task;
	struct sock *sk;

	if (call == SOCKET_CALL_OTHER)
		return 0;
	bpf_map_delete_elem(&sockets_opening, &task_key);
	if (ret < 0 && ret != -EINPROGRESS)
		return 0;
	sk = socket_of_fd(task, call == SOCKET_CALL_ACCEPT
					? ret
					: socket_call_fd(regs, nr));
	if (sk)
		opened(task, sk, call);
	return 0;
}

static void closed(struct sock *sk, __u16 port)
{
	struct socket_key key;

	if (read_key(&key, sk, port) && remove(&key, (__u64)sk))
		COUNT(closed);
}

/* TCP has given up the port, which is by now only in `inet_sport`. */
SEC("raw_tp/inet_sock_set_state")
int sockets_tcp_closed(struct bpf_raw_tracepoint_args *ctx)
{
	struct inet_sock *inet = (void *)ctx->args[0];
	int state = ctx->args[2];

	if (state == TCP_CLOSE)
		closed((void *)inet,
		       bpf_ntohs(BPF_CORE_READ(inet, inet_sport)));
	return 0;
}

/* The last descriptor is gone. TCP may still have something to send. */
SEC("cgroup/sock_release")
int sockets_released(struct bpf_sock *ctx)
{
	/* To the kernel, the context is the socket. */
	struct sock *sk = (void *)ctx;

	if (BPF_CORE_READ(sk, sk_protocol) != IP_PROTO_TCP ||
	    BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE)
		closed(sk, BPF_CORE_READ(sk, __sk_common.skc_num));
	return 1;
}

#if SOCKET_VALUE_HAS_OWNER
SEC("raw_tp/sched_process_exit")
int sockets_process_ended(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (!BPF_CORE_READ(task, signal, live.counter))
		socket_owner_forget(BPF_CORE_READ(task, tgid));
	return 0;
}
#endif

/* The socket at this end of the packet. */
static struct socket_value *find(const struct packet *packet, __u32 netns,
				 __u16 port)
{
	struct socket_value *value;
	struct socket_key key;

	socket_key_init(&key);
	key.netns = netns;
	key.family = packet->family;
	key.proto = packet->proto;
	key.port = port;
	value = bpf_map_lookup_elem(&gadget_sockets, &key);
	if (value || key.family != IP_FAMILY_INET)
		return value;
	key.family = IP_FAMILY_INET6;
	value = bpf_map_lookup_elem(&gadget_sockets, &key);
	return value && !value->ipv6only ? value : NULL;
}

/* The calling task is about to open the socket that sends this. */
static struct socket_value *find_opening(struct sk_buff *skb)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct sock *sk = BPF_CORE_READ(skb, sk);
	__u64 task_key = (__u64)task;
	__u64 *opening = bpf_map_lookup_elem(&sockets_opening, &task_key);
	struct socket_key key;

	/* Packets of others may be sent meanwhile. */
	if (!opening || *opening != (__u64)sk ||
	    !read_key(&key, sk, BPF_CORE_READ(sk, __sk_common.skc_num)))
		return NULL;
	insert(&key, sk, task);
	return bpf_map_lookup_elem(&gadget_sockets, &key);
}

/* What is said of the owner, wherever it stands. */
#define COPY(event, from, field)                                      \
	bpf_probe_read_kernel((event)->field, sizeof((event)->field), \
			      (from)->field)
#define COPY_PATH(event, from, field)                                 \
	do {                                                          \
		packet_event_read_##field##_kernel(event, (from)->field); \
		if (path_is_cut((from)->field))                       \
			packet_event_cut_##field(event);              \
	} while (0)
#define COPY_OWNER(event, from)                                       \
	do {                                                          \
		(event)->mntns = (from)->mntns;                       \
		(event)->uid_gid = (from)->uid_gid;                   \
		(event)->ppid = (from)->ppid;                         \
		COPY(event, from, task);                              \
		COPY(event, from, ptask);                             \
	} while (0)

/*
 * Paths of an owner that stands by itself are interned. An event has their ids,
 * and beside or instead of these the paths, as the profile has it.
 */
#define COPY_INTERNED(event, id, field)                                     \
	do {                                                                \
		const struct path_string *path = path_interned(id);         \
		if (!path)                                                  \
			break;                                              \
		packet_event_read_##field##_kernel(event, path->text);      \
		if (path_is_cut(path->text))                                \
			packet_event_cut_##field(event);                    \
	} while (0)

#if SOCKET_VALUE_HAS_OWNER
static void copy_paths(struct packet_event *event,
		       const struct socket_owner *owner)
{
#if PACKET_EVENT_HAS_CWD
	COPY_INTERNED(event, owner->cwd, cwd);
#endif
#if PACKET_EVENT_HAS_EXEPATH
	COPY_INTERNED(event, owner->exepath, exepath);
#endif
#if PACKET_EVENT_HAS_CWD_ID
	event->cwd_id = owner->cwd;
#endif
#if PACKET_EVENT_HAS_EXEPATH_ID
	event->exepath_id = owner->exepath;
#endif
}
#endif

static void name(struct packet_event *event, const struct socket_value *value)
{
#if SOCKET_VALUE_HAS_OWNER
	__u32 id = value->owner;
	struct socket_owner *owner = bpf_map_lookup_elem(&socket_owners, &id);

	if (!owner)
		return;
	COPY_OWNER(event, owner);
	copy_paths(event, owner);
	event->pid_tgid = (__u64)owner->pid << 32 | value->tid;
#else
	COPY_OWNER(event, value);
	COPY_PATH(event, value, cwd);
	COPY_PATH(event, value, exepath);
	event->pid_tgid = value->pid_tgid;
#endif
	event->named = true;
	COUNT(named);
}

static void report(struct __sk_buff *ctx, __u8 direction)
{
	/* To the kernel, the context is the packet. */
	struct sk_buff *skb = (void *)ctx;
	struct socket_value *value;
	struct packet_event *event;
	struct packet packet;

	if (!packet_read(&packet, ctx))
		return;
	COUNT(packets);
	/* If there is no room, it counts as lost. */
	event = packet_event_scratch();
	if (!event)
		return;
	packet_event_init(event);
	event->timestamp = bpf_ktime_get_boot_ns();
	event->netns = BPF_CORE_READ(skb, dev, nd_net.net, ns.inum);
	event->size = BPF_CORE_READ(skb, len);
	event->family = packet.family;
	event->proto = packet.proto;
	event->sport = packet.sport;
	event->dport = packet.dport;
	event->direction = direction;
	__builtin_memcpy(event->saddr, packet.saddr, sizeof(event->saddr));
	__builtin_memcpy(event->daddr, packet.daddr, sizeof(event->daddr));
	value = find(&packet, event->netns,
		     direction == DIRECTION_SENT ? packet.sport : packet.dport);
	if (!value && direction == DIRECTION_SENT)
		value = find_opening(skb);
	if (value)
		name(event, value);
	packet_event_submit(&packets, event, packets_wakeup());
}

/* Both let every packet pass. */
SEC("cgroup_skb/egress")
int sockets_sent(struct __sk_buff *ctx)
{
	report(ctx, DIRECTION_SENT);
	return 1;
}

SEC("cgroup_skb/ingress")
int sockets_received(struct __sk_buff *ctx)
{
	report(ctx, DIRECTION_RECEIVED);
	return 1;
}
