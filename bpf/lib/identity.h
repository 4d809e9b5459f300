// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Who sends and who receives. Through the node's stack the sender's identity goes in the packet's mark, as Cilium carries it: MARK_IDENTITY
 * in bits 8 to 11, the identity in bits 16 to 31. All other bits belong to others: 0x4000 and 0x8000 to kube-proxy. See docs/datapath.md.
 */
#pragma once

#include "endpoints.h"
#include "packet.h"

#define MARK_MASK     0xffff0f00
#define MARK_KIND     0x00000f00
#define MARK_IDENTITY 0x00000f00

/* Always overwrites what the packet had: no pod speaks in another's name. An identity of more than 16 bits is found by address again. */
static __always_inline void mark_sender(struct __sk_buff *skb, const struct packet *packet)
{
	__u32 mark = packet->source_identity <= 0xffff ? packet->source_identity << 16 | MARK_IDENTITY : 0;

	skb->mark = (skb->mark & ~MARK_MASK) | mark;
}

/* The sender of a packet that comes out of the node's stack: by its mark, or by its source address. */
static __always_inline void note_sender(const struct __sk_buff *skb, struct packet *packet)
{
	const struct endpoint_value *sender;
	__u32 mark = skb->mark;

	if ((mark & MARK_KIND) == MARK_IDENTITY) {
		packet->source_identity = mark >> 16;
		return;
	}
	sender = endpoint_lookup(packet->tuple.source);
	packet->source_identity = sender ? sender->identity : IDENTITY_WORLD;
	packet->source_id = sender ? sender->id : 0;
}

/* `endpoint`: NULL outside the node. */
static __always_inline void note_destination(struct packet *packet, const struct endpoint_value *endpoint)
{
	packet->destination_identity = endpoint ? endpoint->identity : IDENTITY_WORLD;
	packet->destination_id = endpoint ? endpoint->id : 0;
	packet->revision = endpoint ? endpoint->policy_revision : 0;
}
