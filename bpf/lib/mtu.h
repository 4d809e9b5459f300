// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* How big a packet is on the wire: a GSO packet counts as its largest segment. */
#pragma once

#include "packet.h"

#define TCP_OFFSET_BYTE 12

/* Bytes of layer 4 header in front of each segment's payload. */
static __always_inline __u32 layer4_header_length(struct __sk_buff *skb, const struct packet *packet)
{
	__u8 offset = 0;

	if (packet->tuple.protocol == IPPROTO_UDP)
		return 8;
	if (packet->tuple.protocol != IPPROTO_TCP || bpf_skb_load_bytes(skb, packet->l4_offset + TCP_OFFSET_BYTE, &offset, sizeof(offset)))
		return 0;
	return (offset >> 4) * 4;
}

/*
 * GSO of SCTP (GSO_BY_FRAGS): the sender has cut the segments by its own path MTU, and their sizes are not to be seen from here. A pod takes
 * such a packet whole, whatever its MTU; before it leaves the node, the stack must look at it, which can.
 */
static __always_inline bool is_cut_by_sender(struct __sk_buff *skb)
{
	return skb->gso_size == 0xffff;
}

/* Bytes of IP packet that the largest segment takes. */
static __always_inline __u32 segment_length(struct __sk_buff *skb, const struct packet *packet)
{
	__u32 segment = skb->gso_size;

	if (!segment)
		return skb->len - packet->l3_offset;
	return packet->l4_offset - packet->l3_offset + layer4_header_length(skb, packet) + segment;
}

static __always_inline bool exceeds_mtu(struct __sk_buff *skb, const struct packet *packet, __u32 mtu)
{
	if (likely(skb->len <= mtu + packet->l3_offset) || is_cut_by_sender(skb))
		return false;
	return segment_length(skb, packet) > mtu;
}
