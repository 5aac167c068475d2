/* SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0 */
/*
 * Addresses and ports of a packet whose data begins with its IP header.
 *
 * RFC 791, RFC 8200.
 */
#ifndef __PACKET_H
#define __PACKET_H

/* Extension headers before the ports; more are as good as none. */
#define PACKET_EXTENSIONS 4

struct packet {
	__u16 family;
	__u8 proto;
	__u16 sport;
	__u16 dport;
	/* An IPv4 address as ::ffff:a.b.c.d. */
	__u8 saddr[16];
	__u8 daddr[16];
};

static inline bool packet_load(struct __sk_buff *skb, __u32 offset, void *to,
			       __u32 size)
{
	return !bpf_skb_load_bytes(skb, offset, to, size);
}

/* Where the ports are, or 0. */
static inline __u32 packet_read_ipv4(struct packet *packet,
				     struct __sk_buff *skb)
{
	__u8 header[20];
	__u32 size;

	if (!packet_load(skb, 0, header, sizeof(header)))
		return 0;
	size = (header[0] & 0xf) * 4;
	/* All fragments but the first have no ports. */
	if (size < sizeof(header) || header[6] & 0x1f || header[7])
		return 0;
	packet->family = IP_FAMILY_INET;
	packet->proto = header[9];
	packet->saddr[10] = packet->saddr[11] = 0xff;
	packet->daddr[10] = packet->daddr[11] = 0xff;
	__builtin_memcpy(&packet->saddr[12], &header[12], 4);
	__builtin_memcpy(&packet->daddr[12], &header[16], 4);
	return size;
}

/* Where the ports are, or 0. */
static inline __u32 packet_read_ipv6(struct packet *packet,
				     struct __sk_buff *skb)
{
	__u32 offset = 40;
	__u8 extension[4];
	__u8 next = 0;

	if (!packet_load(skb, 6, &next, sizeof(next)) ||
	    !packet_load(skb, 8, packet->saddr, sizeof(packet->saddr)) ||
	    !packet_load(skb, 24, packet->daddr, sizeof(packet->daddr)))
		return 0;
	packet->family = IP_FAMILY_INET6;
	for (int i = 0; i < PACKET_EXTENSIONS; i++) {
		bool fragment = next == 44;

		if (next != 0 && next != 43 && next != 60 && !fragment)
			break;
		if (!packet_load(skb, offset, extension, sizeof(extension)))
			return 0;
		if (fragment && (extension[2] || extension[3] & 0xf8))
			return 0;
		next = extension[0];
		offset += fragment ? 8 : (extension[1] + 1) * 8;
	}
	packet->proto = next;
	return offset;
}

/* False if it is neither TCP nor UDP, or has no ports. */
static inline bool packet_read(struct packet *packet, struct __sk_buff *skb)
{
	__u16 ports[2];
	__u32 offset;
	__u8 first;

	__builtin_memset(packet, 0, sizeof(*packet));
	if (!packet_load(skb, 0, &first, sizeof(first)))
		return false;
	offset = first >> 4 == 4 ? packet_read_ipv4(packet, skb)
				 : packet_read_ipv6(packet, skb);
	if (!offset ||
	    (packet->proto != IP_PROTO_TCP && packet->proto != IP_PROTO_UDP) ||
	    !packet_load(skb, offset, ports, sizeof(ports)))
		return false;
	packet->sport = bpf_ntohs(ports[0]);
	packet->dport = bpf_ntohs(ports[1]);
	return true;
}

#endif /* __PACKET_H */
