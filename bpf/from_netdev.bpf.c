// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * tcx ingress of a native device: packets for pods go straight to them, all others to the node's stack. One program for devices with an
 * Ethernet header, one for those without any (tun, WireGuard, PPP).
 */
#include "lib/ipcache.h"
#include "lib/parse.h"
#include "lib/verdict.h"
#include "lib/vlan.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_FROM_NETDEV

/* VLAN tagged frames belong to a device above this one; frames for other MACs to nobody here. */
static __always_inline bool is_ours(struct __sk_buff *skb)
{
	return (!skb->vlan_present || is_priority_tagged(skb)) && skb->pkt_type == 0 /* PACKET_HOST */ &&
	       (skb->protocol == bpf_htons(ETH_P_IP) || skb->protocol == bpf_htons(ETH_P_IPV6));
}

/* No packet has these on a wire. A source of zero is left to the stack, where a host that has no address yet may speak with it. */
static __always_inline int check_martians(const struct packet *packet)
{
	if (unlikely(address_is_martian(packet->tuple.destination)))
		return DROP(MARTIAN_DESTINATION);
	return unlikely(address_is_loopback(packet->tuple.source)) ? DROP(MARTIAN_SOURCE) : 0;
}

/*
 * A pod of this node, or the node itself, is not outside. Between the node's own addresses the stack judges, which has a setting for it
 * (accept_local). A router forwards no link-local source either (RFC 4291, 2.5.6).
 */
static __always_inline int check_source(const struct packet *packet, const struct endpoint_value *to)
{
	const struct endpoint_value *from = endpoint_lookup(packet->tuple.source);
	bool is_for_pod = to && !(to->flags & ENDPOINT_HOST);
	const void *source = packet->tuple.source;

	if (unlikely(from && (is_for_pod || !(from->flags & ENDPOINT_HOST))))
		return DROP(LOCAL_SOURCE);
	if (is_for_pod && unlikely(address_is_martian(source) || address_is_multicast(source) || address_is_link_local(source)))
		return DROP(MARTIAN_SOURCE);
	return 0;
}

/* From here on a packet of a device without link layer headers is an Ethernet frame; where it goes to such a device, the kernel strips it. */
static __always_inline bool make_frame(struct __sk_buff *skb, struct packet *packet)
{
	__be16 ethertype = skb->protocol;

	if (packet->l3_offset)
		return true;
	if (bpf_skb_change_head(skb, ETH_HLEN, 0) ||
	    bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_proto), &ethertype, sizeof(ethertype), 0))
		return false;
	packet->l3_offset = ETH_HLEN;
	packet->l4_offset += ETH_HLEN;
	return true;
}

static __always_inline int enter_node(struct __sk_buff *skb, struct packet *packet, const struct endpoint_value *endpoint)
{
	int verdict;

	if (unlikely(skb->vlan_present && bpf_skb_vlan_pop(skb)))
		return DROP(WRITE);
	packet->source_identity = IDENTITY_WORLD;
	note_destination(packet, endpoint);
	verdict = deliver_to_endpoint(skb, packet, endpoint);
	if (likely(verdict >= 0))
		count_forwarded(DIRECTION_INGRESS, skb->len);
	return verdict;
}

static __always_inline int from_netdev(struct __sk_buff *skb, struct packet *packet)
{
	const struct endpoint_value *endpoint;
	int dropped;

	if (!is_ours(skb))
		goto stack;
	dropped = parse_ip(skb, packet);
	/* What does not parse is not for a pod: the stack judges it. But an IPv4 address in disguise is nobody's (RFC 4291, 2.5.5.2). */
	if (dropped && drop_reason_of(dropped) != DROP_INVALID_ADDRESS)
		goto stack;
	endpoint = endpoint_lookup(packet->tuple.destination);
	if (!dropped)
		dropped = check_martians(packet);
	if (!dropped)
		dropped = check_source(packet, endpoint);
	if (!dropped && (!endpoint || endpoint->flags & (ENDPOINT_HOST | ENDPOINT_STACK))) {
		if (packet->l3_offset)
			trace_from(skb, packet, TRACE_FROM_NETWORK);
		goto stack;
	}
	if (unlikely(!make_frame(skb, packet)))
		return DROP(WRITE);
	if (unlikely(dropped))
		return dropped;
	trace_from(skb, packet, TRACE_FROM_NETWORK);
	return enter_node(skb, packet, endpoint);
stack:
	count_forwarded(DIRECTION_HOST, skb->len);
	return TC_ACT_OK;
}

SEC("tc")
int axo_from_netdev(struct __sk_buff *skb)
{
	struct packet packet = {.direction = DIRECTION_INGRESS, .l3_offset = ETH_HLEN};

	return finish(skb, &packet, from_netdev(skb, &packet), REPLY_TO_NETWORK);
}

SEC("tc")
int axo_from_l3dev(struct __sk_buff *skb)
{
	struct packet packet = {.direction = DIRECTION_INGRESS};

	return finish(skb, &packet, from_netdev(skb, &packet), REPLY_TO_NETWORK);
}

char program_license[] SEC("license") = "Dual BSD/GPL";
