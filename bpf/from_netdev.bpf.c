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

#define PACKET_HOST	 0
#define PACKET_MULTICAST 2 /* and 1 is broadcast */

/*
 * IP packets that the node's stack would read, so that their addresses matter. VLAN tagged frames belong to a device above this one, frames
 * for other MACs to nobody here, and what the node's own multicast makes here (PACKET_LOOPBACK) did not come from outside.
 */
static __always_inline bool is_ours(struct __sk_buff *skb)
{
	return (likely(!skb->vlan_present) || is_priority_tagged(skb)) && skb->pkt_type <= PACKET_MULTICAST &&
	       (skb->protocol == bpf_htons(ETH_P_IP) || skb->protocol == bpf_htons(ETH_P_IPV6));
}

/* No packet has these on a wire. A source of zero is left to the stack, where a host that has no address yet may speak with it. */
static __always_inline int check_martians(const struct packet *packet)
{
	if (unlikely(address_is_martian(packet->tuple.destination)))
		return DROP(MARTIAN_DESTINATION);
	return unlikely(address_is_loopback(packet->tuple.source)) ? DROP(MARTIAN_SOURCE) : 0;
}

/* A pod of another plugin is on this device's own link where the node's default route leads by the bridge that the pod is on. */
static __always_inline bool is_on_link(struct __sk_buff *skb, const struct packet *packet, const struct endpoint_value *from)
{
	const struct ethhdr *eth = packet_at(skb, 0, ETH_HLEN);

	return from->flags & ENDPOINT_CHAINED && packet->l3_offset && eth && mac_equal(eth->h_source, from->mac);
}

/*
 * A pod of this node, or the node itself, is not outside. Between the node's own addresses the stack judges, which has a setting for it
 * (accept_local). A router forwards no link-local source either (RFC 4291, 2.5.6).
 */
static __always_inline int check_source(struct __sk_buff *skb, const struct packet *packet, const struct endpoint_value *to)
{
	const struct endpoint_value *from = endpoint_lookup(packet->tuple.source);
	bool is_for_pod = to && !(to->flags & ENDPOINT_HOST);
	const void *source = packet->tuple.source;

	if (unlikely(from && (is_for_pod || !(from->flags & ENDPOINT_HOST)) && !is_on_link(skb, packet, from)))
		return DROP(LOCAL_SOURCE);
	if (is_for_pod && unlikely(address_is_martian(source) || address_is_multicast(source) || address_is_link_local(source)))
		return DROP(MARTIAN_SOURCE);
	return 0;
}

/*
 * `parsed`: what the parser said. The addresses count also in a packet that it refused, because the stack may read it (and puts fragments
 * together). But an IPv4 address in disguise is nobody's (RFC 4291, 2.5.5.2).
 */
static __always_inline int check_addresses(struct __sk_buff *skb, const struct packet *packet, const struct endpoint_value *to, int parsed)
{
	int dropped;

	if (unlikely(parsed && drop_reason_of(parsed) == DROP_INVALID_ADDRESS))
		return parsed;
	dropped = check_martians(packet);
	return dropped ? dropped : check_source(skb, packet, to);
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
	int parsed, dropped;

	if (unlikely(has_tag_below(skb) && !unwrap_priority_tags(skb)))
		return DROP(VLAN);
	if (!is_ours(skb))
		goto stack;
	parsed = parse_ip(skb, packet);
	/* No IP header, which the stack sees as well. */
	if (unlikely(!packet->family))
		goto stack;
	endpoint = endpoint_lookup(packet->tuple.destination);
	dropped = check_addresses(skb, packet, endpoint, parsed);
	if (!dropped && (parsed || skb->pkt_type != PACKET_HOST || !endpoint || endpoint->flags & (ENDPOINT_HOST | ENDPOINT_STACK))) {
		if (packet->l3_offset)
			trace_from(skb, TRACE_FROM_NETWORK);
		goto stack;
	}
	if (unlikely(!make_frame(skb, packet)))
		return DROP(WRITE);
	if (unlikely(dropped))
		return dropped;
	trace_from(skb, TRACE_FROM_NETWORK);
	return enter_node(skb, packet, endpoint);
stack:
	count_forwarded(DIRECTION_HOST, skb->len);
	return TC_ACT_OK;
}

SEC("tc")
int axo_from_netdev(struct __sk_buff *skb)
{
	struct packet *packet = packet_begin(skb, DIRECTION_INGRESS, ETH_HLEN);

	if (unlikely(!packet))
		return give_up(skb, DIRECTION_INGRESS);
	return finish(skb, from_netdev(skb, packet), REPLY_TO_NETWORK);
}

SEC("tc")
int axo_from_l3dev(struct __sk_buff *skb)
{
	struct packet *packet = packet_begin(skb, DIRECTION_INGRESS, 0);

	if (unlikely(!packet))
		return give_up(skb, DIRECTION_INGRESS);
	return finish(skb, from_netdev(skb, packet), REPLY_TO_NETWORK);
}

char program_license[] SEC("license") = "Dual BSD/GPL";
