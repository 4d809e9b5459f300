// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Why a packet ends here. The comment behind each reason is its row in docs/drop-reasons.md (npm run build writes it). Never
 * renumber, never reuse: the numbers are in metrics that people keep.
 *
 * A function that decides a drop returns DROP(reason): a negative number that carries the file and line of the decision to the
 * program's end, where it is counted and reported (verdict.h). A verdict of zero or more is a TC_ACT_* value.
 */
#pragma once

#include "source.h"

enum drop_reason {
	DROP_FORWARDED = 0,		/* not a drop: the packet was passed on */
	DROP_UNKNOWN_DEVICE = 1,	/* the device has no endpoint (yet, or any more) */
	DROP_VLAN = 2,			/* a pod sent a frame with a VLAN tag, or a host outside more than four priority tags */
	DROP_UNSUPPORTED_ETHERTYPE = 3, /* neither IPv4, IPv6 nor ARP */
	DROP_INVALID_PACKET = 4,	/* shorter than its headers say, or a wrong version or header length */
	DROP_INVALID_LAYER4 = 5,	/* ends inside the ports or the ICMP type */
	DROP_INVALID_EXTENSION = 6,	/* IPv6 extension headers that are cut short, too many or too long */
	DROP_INVALID_ADDRESS = 7,	/* an IPv4-mapped address inside an IPv6 header */
	DROP_SPOOFED_MAC = 8,		/* a pod used a source MAC that is not its own */
	DROP_SPOOFED_SOURCE = 9,	/* a pod used a source address that is not its own */
	DROP_INVALID_ARP = 10,		/* ARP that is not Ethernet over IPv4, or an answer sent by a pod */
	DROP_UNKNOWN_NEIGHBOUR = 11,	/* ARP or ND question for an address that is not the router's */
	DROP_FORBIDDEN_ICMPV6 = 12,	/* a router advertisement, redirect or ill-formed ND message from a pod */
	DROP_TTL_EXCEEDED = 13,		/* TTL or hop limit ended; the sender gets "time exceeded" */
	DROP_TOO_BIG = 14,		/* bigger than the MTU of the way on; the sender gets "fragmentation needed" or "packet too big" */
	DROP_MULTICAST = 15,		/* multicast or broadcast, which does not leave a pod */
	DROP_LINK_LOCAL = 16,		/* to an IPv6 link-local address, which is not forwarded */
	DROP_NO_ENDPOINT = 17,		/* an address of the node's pod range that no endpoint has; the sender gets "host unreachable" */
	DROP_NOT_FOR_ENDPOINT = 18,	/* left the node by a pod's device without being addressed to the pod */
	DROP_UNREACHABLE = 19,		/* an unreachable route; the sender gets "host unreachable" */
	DROP_BLACKHOLE = 20,		/* a blackhole route */
	DROP_PROHIBITED = 21,		/* a prohibit route; the sender gets "administratively prohibited" */
	DROP_FORWARDING_DISABLED = 22,	/* the node's own device does not forward (sysctl forwarding) */
	DROP_ROUTE_LOOKUP = 23,		/* the kernel refused the route lookup for another reason */
	DROP_WRITE = 24,		/* the packet's headers could not be made writable */
	DROP_ROUTER_SOLICITATION = 32,	/* quiet: a pod asked for router advertisements; its routes are static */
	DROP_MULTICAST_LISTENER = 33,	/* quiet: a pod reported the multicast groups that it listens to */
	DROP_DUPLICATE_ADDRESS = 34,	/* quiet: a pod asked whether its own address is taken; silence means no */
	DROP_NEIGHBOUR_ANNOUNCED = 35,	/* quiet: a pod announced its own address by ARP or ND */
	DROP_HOST_MULTICAST = 36,	/* quiet: the node's own multicast or discovery on an axoneme device */
	DROP_TINY_FRAGMENT = 37,	/* a first fragment without its whole layer 4 header, or a later one that would overwrite it */
	DROP_FRAGMENTED_DISCOVERY = 38, /* neighbour or multicast listener discovery in a fragment */
	DROP_SOURCE_ROUTE = 39,		/* an IPv4 source route option or an IPv6 routing header of type 0 */
	DROP_MARTIAN_SOURCE = 40,	/* a source that no host has on a wire: 0/8, 127/8, ::, ::1, multicast; to a pod also link-local */
	DROP_MARTIAN_DESTINATION = 41,	/* to 0/8, 127/8, :: or ::1, which are valid inside a host only */
	DROP_LOCAL_SOURCE = 42,		/* from outside, with the address of a pod of this node or of the node itself */
	DROP_BUSY = 43,			/* other programs use all of the processor's working memory (PREEMPT_RT) */
	DROP_ICMP_LIMITED = 253,	/* not a drop: the packet's sender got no ICMP error, having used up its rate of them */
	DROP_EVENT_LIMITED = 254,	/* not a drop: an event was not sent, its source having used up its rate of them */
	DROP_EVENT_LOST = 255,		/* not a drop: the ring buffer had no room for an event */
};

ANCHOR(enum drop_reason, drop_reason);

/* Drops that nobody needs to hear of: counted, but reported only without monitor aggregation. */
static __always_inline bool drop_is_quiet(__u32 reason)
{
	return reason >= DROP_ROUTER_SOLICITATION && reason <= DROP_HOST_MULTICAST;
}

/* bits 0-7 reason, 8-23 line, 24-30 file; negated */
#define DROP(name) (-(int)(((__u32)THIS_FILE << 24) | ((__u32)__LINE__ << 8) | (__u32)DROP_##name))

static __always_inline __u8 drop_reason_of(int verdict)
{
	return (__u32)-verdict & 0xff;
}

static __always_inline __u16 drop_line_of(int verdict)
{
	return ((__u32)-verdict >> 8) & 0xffff;
}

static __always_inline __u8 drop_file_of(int verdict)
{
	return ((__u32)-verdict >> 24) & 0x7f;
}
