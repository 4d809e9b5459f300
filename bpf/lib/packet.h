// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* What a program knows about its packet: parsed once (parse.h), then passed from step to step. */
#pragma once

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include "address.h"
#include "scratch.h"

#define AF_INET	 2
#define AF_INET6 10

/* Who talks to whom, the same for both families. */
struct flow_tuple {
	__u8 source[16] ALIGNED(8);
	__u8 destination[16];
	__be16 source_port; /* of ICMP: type and code, as two bytes */
	__be16 destination_port;
	__u8 protocol;
	__u8 pad[3];
};

enum packet_flag {
	PACKET_DONT_FRAGMENT = 1,  /* IPv4 DF; always set for IPv6 */
	PACKET_LATER_FRAGMENT = 2, /* a fragment without the layer 4 header: ports are zero */
	PACKET_FRAGMENT = 4,	   /* any fragment; of IPv6 also one that is the whole packet (RFC 6946) */
	PACKET_FIRST_FRAGMENT = 8, /* the fragment with the layer 4 header, of a packet that has more */
};

struct packet {
	struct flow_tuple tuple;
	__u32 source_identity;
	__u32 destination_identity;
	__u16 source_id;
	__u16 destination_id;
	__u32 mtu;	    /* with DROP_TOO_BIG: the limit, in bytes of the IP packet */
	__u32 l4_length;    /* bytes of the IP packet behind its headers */
	__be32 fragment_id; /* of a fragment: IPv4's 16 bits at the lower address */
	__u16 l4_offset;    /* from the start of the frame */
	__u8 family;	    /* AF_INET or AF_INET6 once parsed, 0 before */
	__u8 hop_limit;
	__u8 flags;
	__u8 direction; /* enum direction */
	__u8 tos;
	__u8 l3_offset; /* of the IP header, from the start of the frame; 0 on a device without a link layer header */
	__u8 tcp_flags; /* the byte of TCP's header with FIN, SYN, RST, ACK; 0 of other protocols and later fragments */
	__u8 ct_state;	/* what connection tracking found; 0 before */
	__u8 pad[2];
	__u32 revision;	  /* the receiver's policy revision; 0 outside the node */
	__u32 tunnel_key; /* of a packet that came or goes by a tunnel: its sender's identity; 0 without one */
	/* Not cleared: valid only behind the step that translates a destination. */
	struct flow_tuple original; /* the tuple as the sender sent it */
};

/* The packet's state. Without a type, since TypeScript never reads it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct packet));
	__uint(max_entries, SCRATCH_SLOTS);
} axo_packet SEC(".maps");

/* The packet's state, for a step that gets nothing but the context. NULL only to satisfy the verifier. */
static __always_inline struct packet *packet_of(const struct __sk_buff *skb)
{
	__u32 slot = scratch_slot(skb);

	return bpf_map_lookup_elem(&axo_packet, &slot);
}

/* Clears the packet's state. NULL when the processor has no working memory left: see scratch.h. */
static __always_inline struct packet *packet_begin(struct __sk_buff *skb, __u8 direction, __u8 l3_offset)
{
	struct packet *packet;

	if (!scratch_claim(skb))
		return NULL;
	packet = packet_of(skb);
	if (unlikely(!packet))
		return NULL;
	__builtin_memset(packet, 0, offsetof(struct packet, original));
	packet->direction = direction;
	packet->l3_offset = l3_offset;
	return packet;
}

/*
 * The frame's bounds. Assembler, because the compiler otherwise widens these 32-bit fields with an instruction after which the verifier no
 * longer knows a packet pointer.
 */
static __always_inline void *packet_data(const struct __sk_buff *skb)
{
	void *data;

	asm volatile("%0 = *(u32 *)(%1 + %2)" : "=r"(data) : "r"(skb), "i"(offsetof(struct __sk_buff, data)));
	return data;
}

static __always_inline void *packet_end(const struct __sk_buff *skb)
{
	void *end;

	asm volatile("%0 = *(u32 *)(%1 + %2)" : "=r"(end) : "r"(skb), "i"(offsetof(struct __sk_buff, data_end)));
	return end;
}

/* The first `length` bytes of the frame, in linear memory; NULL when the frame is shorter. */
static __always_inline void *packet_headers(struct __sk_buff *skb, __u32 length)
{
	void *data = packet_data(skb);

	if (likely(data + length <= packet_end(skb)))
		return data;
	if (bpf_skb_pull_data(skb, length))
		return NULL;
	data = packet_data(skb);
	if (data + length <= packet_end(skb))
		return data;
	return NULL;
}

/* `length` bytes from `offset` on, if they are in linear memory. OPAQUE: the pointer that is compared is the one that is used. */
static __always_inline void *packet_at(struct __sk_buff *skb, __u32 offset, __u32 length)
{
	void *at = packet_data(skb) + offset;

	OPAQUE(at);
	return likely(at + length <= packet_end(skb)) ? at : NULL;
}

/* The first `length` bytes of the IP header, in linear memory; NULL when the frame is shorter. */
static __always_inline void *network_header(struct __sk_buff *skb, const struct packet *packet, __u32 length)
{
	void *header = packet_at(skb, packet->l3_offset, length);

	if (likely(header) || bpf_skb_pull_data(skb, packet->l3_offset + length))
		return header;
	return packet_at(skb, packet->l3_offset, length);
}

static __always_inline __u8 packet_icmp_type(const struct packet *packet)
{
	return ((const __u8 *)&packet->tuple.source_port)[0];
}
