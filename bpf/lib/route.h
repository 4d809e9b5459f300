// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Out of the node: the kernel's routing table and neighbours decide, without a walk through its stack. */
#pragma once

#include "deliver.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_ROUTE

/*
 * Ports decide between several next hops, and rules may ask for them. What stands in their place in ICMP differs from packet to packet, and
 * later fragments have none: as for the kernel's own forwarding, such packets of one flow must all go one way.
 */
static __always_inline bool has_ports(const struct packet *packet)
{
	__u8 protocol = packet->tuple.protocol;

	return !(packet->flags & PACKET_FRAGMENT) && protocol != IPPROTO_ICMP && protocol != IPPROTO_ICMPV6;
}

/* Fills the question. The kernel sees the packet as arriving on axo_host, so one sysctl (its forwarding) holds for all pods. */
static __always_inline void route_question(struct __sk_buff *skb, const struct packet *packet, struct bpf_fib_lookup *fib)
{
	__u32 length = segment_length(skb, packet);

	fib->family = packet->family;
	fib->l4_protocol = packet->tuple.protocol;
	if (likely(has_ports(packet))) {
		fib->sport = packet->tuple.source_port;
		fib->dport = packet->tuple.destination_port;
	}
	fib->tot_len = length > 0xffff ? 0xffff : length;
	fib->ifindex = cfg_host_ifindex;
	if (packet->family == AF_INET) {
		fib->tos = packet->tos;
		fib->ipv4_src = address_ipv4(packet->tuple.source);
		fib->ipv4_dst = address_ipv4(packet->tuple.destination);
	} else {
		fib->flowinfo = bpf_htonl((__u32)packet->tos << 20);
		__builtin_memcpy(fib->ipv6_src, packet->tuple.source, 16);
		__builtin_memcpy(fib->ipv6_dst, packet->tuple.destination, 16);
	}
}

/*
 * To the next hop by the kernel's own neighbour output, whether its MAC is known or not. A lookup answers a stale neighbour's MAC too, and a
 * packet that is sent with it neither confirms nor probes the neighbour: after a failover of the router it would be lost for ever.
 */
static __always_inline int redirect_to_next_hop(const struct bpf_fib_lookup *fib)
{
	struct bpf_redir_neigh next = {.nh_family = fib->family};

	if (fib->family == AF_INET)
		next.ipv4_nh = fib->ipv4_dst;
	else
		__builtin_memcpy(next.ipv6_nh, fib->ipv6_dst, 16);
	return bpf_redirect_neigh(fib->ifindex, &next, sizeof(next), 0);
}

/*
 * Bigger than the route's MTU. The stack gets what it alone can do: to fragment (IPv4 without DF), and to answer when the kernel did not
 * tell us the MTU (before Linux 5.12 mtu_result is still the length that we asked with).
 */
static __always_inline int too_big_for_route(struct __sk_buff *skb, struct packet *packet, const struct bpf_fib_lookup *fib, __u16 length)
{
	if (!(packet->flags & PACKET_DONT_FRAGMENT) || fib->mtu_result >= length) {
		trace_to(skb, TRACE_TO_STACK);
		count_forwarded(DIRECTION_EGRESS, skb->len);
		return deliver_to_stack(skb, packet);
	}
	packet->mtu = fib->mtu_result;
	return DROP(TOO_BIG);
}

static __always_inline int send_out(struct __sk_buff *skb, struct packet *packet, const struct bpf_fib_lookup *fib)
{
	if (!decrement_hops(skb, packet))
		return DROP(WRITE);
	trace_to(skb, TRACE_TO_NETWORK);
	count_forwarded(DIRECTION_EGRESS, skb->len);
	return redirect_to_next_hop(fib);
}

/* The node's own addresses, no route, tunnels of the stack: it knows what to do or to answer. */
static __always_inline int leave_to_stack(struct __sk_buff *skb, const struct packet *packet)
{
	trace_to(skb, TRACE_TO_STACK);
	count_forwarded(DIRECTION_EGRESS, skb->len);
	return deliver_to_stack(skb, packet);
}

/* A verdict or a drop. */
STEP int route_outside(struct __sk_buff *skb)
{
	struct packet *packet = packet_of(skb);
	struct bpf_fib_lookup fib = {};
	__u16 length;
	long found;

	if (!packet)
		return DROP(ROUTE_LOOKUP);
	if (packet->hop_limit <= 1)
		return DROP(TTL_EXCEEDED);
	route_question(skb, packet, &fib);
	length = fib.tot_len;
	found = bpf_fib_lookup(skb, &fib, sizeof(fib), 0);
	if ((found == BPF_FIB_LKUP_RET_SUCCESS || found == BPF_FIB_LKUP_RET_NO_NEIGH) && fib.ifindex == cfg_host_ifindex)
		return DROP(NO_ENDPOINT);
	switch (found) {
	case BPF_FIB_LKUP_RET_SUCCESS:
	case BPF_FIB_LKUP_RET_NO_NEIGH:
		return send_out(skb, packet, &fib);
	case BPF_FIB_LKUP_RET_FRAG_NEEDED:
		return too_big_for_route(skb, packet, &fib, length);
	case BPF_FIB_LKUP_RET_NOT_FWDED:
	case BPF_FIB_LKUP_RET_UNSUPP_LWT:
		return leave_to_stack(skb, packet);
	case BPF_FIB_LKUP_RET_UNREACHABLE:
		return DROP(UNREACHABLE);
	case BPF_FIB_LKUP_RET_BLACKHOLE:
		return DROP(BLACKHOLE);
	case BPF_FIB_LKUP_RET_PROHIBIT:
		return DROP(PROHIBITED);
	case BPF_FIB_LKUP_RET_FWD_DISABLED:
		return DROP(FORWARDING_DISABLED);
	}
	return DROP(ROUTE_LOOKUP);
}
