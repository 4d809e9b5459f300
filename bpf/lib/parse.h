// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* From bytes to struct packet, for IPv4 and IPv6. Each function returns 0 or a drop. */
#pragma once

#include <linux/ipv6.h>

#include "drop.h"
#include "packet.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_PARSE

#define IPPROTO_SCTP_NUMBER 132
#define IPV4_DF		    0x4000
#define IPV4_OFFSET	    0x1fff
#define MAX_EXTENSIONS	    6	/* IPv6 extension headers that we walk */
#define MAX_L4_OFFSET	    511 /* bytes of frame before layer 4 */

struct ipv6_extension {
	__u8 next;
	__u8 length;	 /* in 8 bytes, the first 8 not counted; AH: in 4 bytes, the first 8 not counted */
	__be16 fragment; /* of a fragment header: offset in the upper 13 bits */
};

static __always_inline bool protocol_has_ports(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP_NUMBER:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return true;
	}
	return false;
}

/* Ports, or the type and code of ICMP. */
static __always_inline int parse_layer4(struct __sk_buff *skb, struct packet *packet, __u32 offset)
{
	void *data = packet_data(skb);
	any_u32 *ports = (any_u32 *)&packet->tuple.source_port;

	packet->l4_offset = offset;
	if (packet->flags & PACKET_LATER_FRAGMENT || !protocol_has_ports(packet->tuple.protocol))
		return 0;
	if (likely(offset <= MAX_L4_OFFSET && data + offset + sizeof(*ports) <= packet_end(skb))) {
		*ports = *(any_u32 *)(data + offset);
		return 0;
	}
	if (bpf_skb_load_bytes(skb, offset, ports, sizeof(*ports)))
		return DROP(INVALID_LAYER4);
	return 0;
}

static __always_inline int parse_ipv4(struct __sk_buff *skb, struct packet *packet)
{
	void *data = packet_headers(skb, ETH_HLEN + sizeof(struct iphdr));
	__u32 header, total, fragment;
	struct iphdr *ip;

	if (unlikely(!data))
		return DROP(INVALID_PACKET);
	ip = data + ETH_HLEN;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (unlikely(ip->version != 4 || header < sizeof(*ip)))
		return DROP(INVALID_PACKET);
	/* A total length of 0 is a GSO packet above 64 KiB (BIG TCP). */
	if (unlikely((total < header && !(total == 0 && skb->gso_size)) || total + ETH_HLEN > skb->len))
		return DROP(INVALID_PACKET);
	fragment = bpf_ntohs(ip->frag_off);
	packet->family = AF_INET;
	packet->hop_limit = ip->ttl;
	packet->tos = ip->tos;
	packet->flags = (fragment & IPV4_DF ? PACKET_DONT_FRAGMENT : 0) | (fragment & IPV4_OFFSET ? PACKET_LATER_FRAGMENT : 0);
	packet->tuple.protocol = ip->protocol;
	address_from_ipv4(packet->tuple.source, ip->saddr);
	address_from_ipv4(packet->tuple.destination, ip->daddr);
	return parse_layer4(skb, packet, ETH_HLEN + header);
}

/* RFC 8200, 4: hop-by-hop options, routing, fragment, destination options; RFC 4302: authentication header. */
static __always_inline bool is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_AH;
}

/* Walks the extension headers; out of line, because few packets have any. Returns the offset of layer 4 or a drop. */
static __noinline int parse_extensions(struct __sk_buff *skb, struct packet *packet)
{
	__u32 offset = ETH_HLEN + sizeof(struct ipv6hdr);
	__u8 next = packet->tuple.protocol;
	struct ipv6_extension header;

	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		if (bpf_skb_load_bytes(skb, offset, &header, sizeof(header)))
			return DROP(INVALID_EXTENSION);
		if (next == IPPROTO_FRAGMENT) {
			offset += 8;
			if (header.fragment & bpf_htons(0xfff8))
				packet->flags |= PACKET_LATER_FRAGMENT;
		} else if (next == IPPROTO_AH) {
			offset += (header.length + 2) * 4;
		} else {
			offset += (header.length + 1) * 8;
		}
		next = header.next;
		if (offset > MAX_L4_OFFSET || offset > skb->len)
			return DROP(INVALID_EXTENSION);
		if (!is_extension(next) || packet->flags & PACKET_LATER_FRAGMENT) {
			packet->tuple.protocol = next;
			return offset;
		}
	}
	return DROP(INVALID_EXTENSION);
}

static __always_inline int parse_ipv6(struct __sk_buff *skb, struct packet *packet)
{
	void *data = packet_headers(skb, ETH_HLEN + sizeof(struct ipv6hdr));
	int offset = ETH_HLEN + sizeof(struct ipv6hdr);
	struct ipv6hdr *ip;

	if (unlikely(!data))
		return DROP(INVALID_PACKET);
	ip = data + ETH_HLEN;
	/* A payload length of 0 goes with a jumbo payload option, or with GSO above 64 KiB. */
	if (unlikely(ip->version != 6 || bpf_ntohs(ip->payload_len) + (__u32)offset > skb->len))
		return DROP(INVALID_PACKET);
	packet->family = AF_INET6;
	packet->hop_limit = ip->hop_limit;
	packet->tos = ip->priority << 4 | ip->flow_lbl[0] >> 4;
	packet->flags = PACKET_DONT_FRAGMENT;
	packet->tuple.protocol = ip->nexthdr;
	address_copy(packet->tuple.source, &ip->saddr);
	address_copy(packet->tuple.destination, &ip->daddr);
	/* Such an address would be taken for IPv4 in every map (RFC 4291, 2.5.5.2: never on the wire). */
	if (unlikely(address_is_mapped(packet->tuple.source) || address_is_mapped(packet->tuple.destination)))
		return DROP(INVALID_ADDRESS);
	if (unlikely(is_extension(packet->tuple.protocol))) {
		offset = parse_extensions(skb, packet);
		if (offset < 0)
			return offset;
	}
	return parse_layer4(skb, packet, offset);
}

/* Parses either family. Returns 0 or a drop; a packet of neither family leaves packet->family at 0. */
static __always_inline int parse_ip(struct __sk_buff *skb, struct packet *packet)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return parse_ipv4(skb, packet);
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(skb, packet);
	return 0;
}
