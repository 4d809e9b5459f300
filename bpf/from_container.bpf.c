// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* tcx ingress of a pod's host-side device, or the peer of a netkit: everything that a pod sends. */
#include "lib/arp.h"
#include "lib/dhcp.h"
#include "lib/ipcache.h"
#include "lib/nd_guard.h"
#include "lib/parse.h"
#include "lib/route.h"
#include "lib/verdict.h"
#include "lib/vlan.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_FROM_CONTAINER

/* From another plugin's device: checked, told and counted, and then as if we were not here. */
static __always_inline int go_on(struct __sk_buff *skb)
{
	trace_to(skb, TRACE_TO_STACK);
	count_forwarded(DIRECTION_EGRESS, skb->len);
	return VERDICT_NEXT;
}

/* Neighbours of another plugin's device answer for themselves; nobody speaks for another. */
static __always_inline int pass_discovery(struct __sk_buff *skb, const struct packet *packet)
{
	int dropped = check_discovery(skb);

	if (address_is_martian(packet->tuple.destination))
		return DROP(MARTIAN_DESTINATION);
	if (dropped)
		return dropped;
	count_forwarded(DIRECTION_EGRESS, skb->len);
	return VERDICT_NEXT;
}

/* Out of the node. */
static __always_inline int send_outside(struct __sk_buff *skb, struct packet *packet, const struct device_value *device)
{
	if (address_is_multicast(packet->tuple.destination))
		return DROP(MULTICAST);
	if (address_is_link_local(packet->tuple.destination))
		return DROP(LINK_LOCAL);
	if (unlikely((device->flags & DEVICE_STACK) || is_cut_by_sender(skb)))
		return leave_to_stack(skb, packet);
	return route_outside(skb);
}

/* To a pod of this node, or the node itself. */
static __always_inline int send_inside(struct __sk_buff *skb, struct packet *packet, const struct device_value *device,
				       const struct endpoint_value *endpoint)
{
	int verdict;

	if (endpoint->flags & ENDPOINT_HOST) {
		trace_to(skb, TRACE_TO_HOST);
		count_forwarded(DIRECTION_EGRESS, skb->len);
		return deliver_to_stack(skb, packet);
	}
	/* Comes back by axo_from_host, which asks the receiver. */
	if (unlikely((device->flags & DEVICE_STACK) || (endpoint->flags & ENDPOINT_STACK)))
		return leave_to_stack(skb, packet);
	verdict = deliver_to_endpoint(skb, packet, endpoint);
	if (likely(verdict >= 0))
		count_forwarded(DIRECTION_EGRESS, skb->len);
	return verdict;
}

/*
 * The packet's source is known to be true. The order of concerns, here and in every program that a packet meets first; a later one relies on what
 * an earlier one has found, and nothing of the packet is changed before both verdicts:
 *
 *   1. parse, and refuse what this sender may not send   from_ipv4, from_ipv6
 *   2. service: the backend for a service's address      not there yet
 *   3. connection tracking: known, new, reply, related   not there yet
 *   4. identity of the destination                       note_destination
 *   5. the sender's verdict                              judge_for_sender
 *   6. the receiver's verdict, when it is a local pod    judge_for_receiver, in deliver_to_endpoint
 *   7. translate, count the hop, deliver or route        send_inside, send_outside
 */
static __always_inline int forward(struct __sk_buff *skb, struct packet *packet, const struct device_value *device)
{
	const struct endpoint_value *endpoint;
	int dropped;

	trace_from(skb, TRACE_FROM_ENDPOINT);
	/* The node's stack would take it for its own with route_localnet (CVE-2020-8558). */
	if (unlikely(address_is_martian(packet->tuple.destination)))
		return DROP(MARTIAN_DESTINATION);
	endpoint = endpoint_lookup(packet->tuple.destination);
	note_destination(packet, endpoint);
	dropped = judge_for_sender(skb);
	if (unlikely(dropped))
		return dropped;
	if (unlikely(device->flags & DEVICE_CHAINED))
		return go_on(skb);
	return likely(endpoint) ? send_inside(skb, packet, device, endpoint) : send_outside(skb, packet, device);
}

static __always_inline int from_ipv4(struct __sk_buff *skb, struct packet *packet, const struct device_value *device)
{
	int dropped = parse_ipv4(skb, packet);

	if (unlikely(dropped))
		return dropped;
	if (unlikely(!address_equal(packet->tuple.source, device->ipv4))) {
		if (device->flags & DEVICE_CHAINED && asks_for_own_lease(skb, packet, device))
			return go_on(skb);
		return DROP(SPOOFED_SOURCE);
	}
	return forward(skb, packet, device);
}

static __always_inline int from_ipv6(struct __sk_buff *skb, struct packet *packet, const struct device_value *device)
{
	int dropped = parse_ipv6(skb, packet);

	if (unlikely(dropped))
		return dropped;
	if (unlikely(is_discovery(packet))) {
		/* RFC 6980: what is said in pieces is not to be believed. */
		if (packet->flags & PACKET_FRAGMENT)
			return DROP(FRAGMENTED_DISCOVERY);
		return device->flags & DEVICE_CHAINED ? pass_discovery(skb, packet) : answer_discovery(skb, packet, device);
	}
	if (unlikely(!address_equal(packet->tuple.source, device->ipv6) || address_is_zero(packet->tuple.source)))
		return DROP(SPOOFED_SOURCE);
	return forward(skb, packet, device);
}

static __always_inline int from_container(struct __sk_buff *skb, struct packet *packet)
{
	struct device_value *device = device_lookup(skb->ifindex);
	struct ethhdr *eth;

	if (unlikely(!device))
		return DROP(UNKNOWN_DEVICE);
	packet->source_id = device->id;
	packet->source_identity = device->identity;
	if (unlikely(is_tagged(skb) && !remove_priority_tag(skb)))
		return DROP(VLAN);
	eth = packet_headers(skb, ETH_HLEN);
	if (unlikely(!eth))
		return DROP(INVALID_PACKET);
	if (unlikely(!mac_equal(eth->h_source, device->mac)))
		return DROP(SPOOFED_MAC);
	/* A raw socket behind a netkit chooses both; whoever reads the frame anew would see another packet than the one that was judged. */
	if (unlikely(eth->h_proto != (__be16)skb->protocol))
		return DROP(UNSUPPORTED_ETHERTYPE);
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return from_ipv4(skb, packet, device);
	case bpf_htons(ETH_P_IPV6):
		return from_ipv6(skb, packet, device);
	case bpf_htons(ETH_P_ARP):
		return answer_arp(skb, device);
	}
	return DROP(UNSUPPORTED_ETHERTYPE);
}

SEC("tc")
int axo_from_container(struct __sk_buff *skb)
{
	struct packet *packet = packet_begin(skb, DIRECTION_EGRESS, ETH_HLEN);

	if (unlikely(!packet))
		return give_up(skb, DIRECTION_EGRESS);
	return finish(skb, from_container(skb, packet), REPLY_TO_POD);
}

char program_license[] SEC("license") = "Dual BSD/GPL";
