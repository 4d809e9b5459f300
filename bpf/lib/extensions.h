// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* What may stand between the fixed IP header and layer 4: IPv4 options, IPv6 extension headers, and how much layer 4 a fragment needs. */
#pragma once

#include "drop.h"
#include "packet.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_EXTENSIONS

#define IPPROTO_SCTP_NUMBER 132
#define MAX_EXTENSIONS	    6	/* IPv6 extension headers that we walk */
#define MAX_L4_OFFSET	    511 /* bytes of frame before layer 4 */

#define MAX_OPTIONS_LENGTH   40 /* of an IPv4 header of 15 words */
#define OPTION_END	     0
#define OPTION_NOTHING	     1
#define OPTION_LOOSE_ROUTE   131
#define OPTION_STRICT_ROUTE  137
#define ROUTING_TYPE_0	     0
#define IPV6_FRAGMENT_OFFSET 0xfff8 /* in bytes */
#define IPV6_MORE_FRAGMENTS  0x0001

struct ipv6_extension {
	__u8 next;
	__u8 length; /* in 8 bytes, the first 8 not counted; AH: in 4 bytes, the first 8 not counted */
	union {
		__be16 fragment; /* of a fragment header: offset in the upper 13 bits, in the lowest "more" */
		__u8 routing;	 /* of a routing header: its type */
	};
	__be32 fragment_id; /* of a fragment header */
};

/* Bytes of header that a receiver's stack needs of a protocol, so that all of them are in one fragment; 0 when we do not read it. */
static __always_inline __u32 layer4_minimum(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_SCTP_NUMBER:
		return 12;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	}
	return 0;
}

/* A later fragment that starts inside the layer 4 header and could overwrite what was judged (RFC 1858, RFC 3128). */
static __always_inline bool is_tiny(__u32 fragment_offset, __u8 protocol)
{
	return fragment_offset < layer4_minimum(protocol);
}

/*
 * Refuses source routes: the destination that we judge would not be the last one. The kernel refuses them by default too
 * (accept_source_route). `header`: length of the IPv4 header.
 */
STEP int check_options(struct __sk_buff *skb, __u32 l3_offset, __u32 header)
{
	__u32 at = l3_offset + sizeof(struct iphdr), end = l3_offset + header;
	__u8 option, length;

	for (int i = 0; i < MAX_OPTIONS_LENGTH && at < end; i++) {
		if (bpf_skb_load_bytes(skb, at, &option, sizeof(option)))
			return DROP(INVALID_PACKET);
		if (option == OPTION_END)
			return 0;
		if (option == OPTION_LOOSE_ROUTE || option == OPTION_STRICT_ROUTE)
			return DROP(SOURCE_ROUTE);
		length = 1;
		if (option != OPTION_NOTHING && (bpf_skb_load_bytes(skb, at + 1, &length, sizeof(length)) || length < 2))
			return DROP(INVALID_PACKET);
		at += length;
	}
	return at > end ? DROP(INVALID_PACKET) : 0;
}

/* RFC 8200, 4: hop-by-hop options, routing, fragment, destination options; RFC 4302: authentication header. */
static __always_inline bool is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_AH;
}

static __always_inline __u32 extension_length(__u8 type, const struct ipv6_extension *header)
{
	if (type == IPPROTO_FRAGMENT)
		return 8;
	return type == IPPROTO_AH ? (header->length + 2) * 4 : (header->length + 1) * 8;
}

/* Notes a fragment header; 0 or a drop. A second one, or one too small to show the headers behind it, is no sender's work. */
static __always_inline int note_fragment(struct packet *packet, const struct ipv6_extension *header)
{
	if (packet->flags & PACKET_FRAGMENT)
		return DROP(INVALID_EXTENSION);
	packet->flags |= PACKET_FRAGMENT;
	packet->fragment_id = header->fragment_id;
	if (!(header->fragment & bpf_htons(IPV6_FRAGMENT_OFFSET))) {
		packet->flags |= header->fragment & bpf_htons(IPV6_MORE_FRAGMENTS) ? PACKET_FIRST_FRAGMENT : 0;
		return 0;
	}
	packet->flags |= PACKET_LATER_FRAGMENT;
	return is_tiny(bpf_ntohs(header->fragment) & IPV6_FRAGMENT_OFFSET, header->next) ? DROP(TINY_FRAGMENT) : 0;
}

/* What a header of this type may not be; 0 or a drop. */
static __always_inline int check_extension(struct packet *packet, __u8 type, const struct ipv6_extension *header, bool is_first)
{
	if (type == IPPROTO_FRAGMENT)
		return note_fragment(packet, header);
	/* RFC 8200, 4.1: elsewhere a receiver refuses it, and reads no ports behind it. */
	if (type == IPPROTO_HOPOPTS && !is_first)
		return DROP(INVALID_EXTENSION);
	/* RFC 5095 */
	if (type == IPPROTO_ROUTING && header->routing == ROUTING_TYPE_0)
		return DROP(SOURCE_ROUTE);
	return 0;
}

/* Walks the extension headers; out of line, because few packets have any. Returns the offset of layer 4 or a drop. */
STEP int parse_extensions(struct __sk_buff *skb, __u32 end)
{
	struct packet *packet = packet_of(skb);
	struct ipv6_extension header;
	__u32 offset;
	int dropped;
	__u8 type;

	if (!packet)
		return DROP(INVALID_PACKET);
	offset = packet->l3_offset + sizeof(struct ipv6hdr);
	type = packet->tuple.protocol;
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		if (offset + 8 > end || bpf_skb_load_bytes(skb, offset, &header, sizeof(header)))
			goto cut;
		dropped = check_extension(packet, type, &header, i == 0);
		if (dropped)
			return dropped;
		offset += extension_length(type, &header);
		type = header.next;
		if (offset > MAX_L4_OFFSET)
			return DROP(INVALID_EXTENSION);
		if (offset > end)
			goto cut;
		if (!is_extension(type) || packet->flags & PACKET_LATER_FRAGMENT) {
			packet->tuple.protocol = type;
			return offset;
		}
	}
	return DROP(INVALID_EXTENSION);
cut:
	/* RFC 7112: a first fragment has all of the headers. */
	return packet->flags & PACKET_FRAGMENT ? DROP(TINY_FRAGMENT) : DROP(INVALID_EXTENSION);
}
