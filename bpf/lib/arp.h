// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The router's side of ARP (RFC 826): a pod asks for its gateway, we answer with the address of the pod's own next hop. */
#pragma once

#include "deliver.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_ARP

#define ARP_REQUEST 1
#define ARP_REPLY   2

/* Ethernet over IPv4; every field on a 2-byte boundary of the frame. */
struct arp_packet {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_mac[6];
	__u8 sender[4];
	__u8 target_mac[6];
	__u8 target[4];
};

static __always_inline __be32 arp_address(const __u8 *field)
{
	return *(const any_u32 *)field;
}

static __always_inline bool arp_is_ipv4(const struct arp_packet *arp)
{
	return arp->hardware == bpf_htons(1) && arp->protocol == bpf_htons(ETH_P_IP) && arp->hardware_length == ETH_ALEN &&
	       arp->protocol_length == 4;
}

static __always_inline void arp_turn_round(struct ethhdr *eth, struct arp_packet *arp, const struct device_value *device)
{
	mac_copy(eth->h_dest, device->mac);
	mac_copy(eth->h_source, device->node_mac);
	arp->operation = bpf_htons(ARP_REPLY);
	mac_copy(arp->target_mac, device->mac);
	*(any_u32 *)arp->target = arp_address(arp->sender);
	mac_copy(arp->sender_mac, device->node_mac);
	*(any_u32 *)arp->sender = address_ipv4(cfg_router4);
}

/*
 * A question for the router. Any sender gets its answer, also one that the pod has given itself (keepalived, a load balancer's speaker):
 * we learn nothing from it, and what the pod sends from such an address is judged when it is sent. But nobody is the router.
 */
static __always_inline bool asks_for_router(const struct arp_packet *arp)
{
	__be32 router = address_ipv4(cfg_router4);

	return arp->operation == bpf_htons(ARP_REQUEST) && router && arp_address(arp->target) == router &&
	       arp_address(arp->sender) != router;
}

/* What a pod may say of itself. Returns 0 or a drop. */
static __always_inline int check_arp_sender(const struct arp_packet *arp, const struct device_value *device)
{
	__be32 sender = arp_address(arp->sender);

	/* RFC 5227: a probe has no sender address yet. */
	return sender && sender != address_ipv4(device->ipv4) ? DROP(SPOOFED_SOURCE) : 0;
}

static __always_inline int answer_arp(struct __sk_buff *skb, const struct device_value *device)
{
	struct ethhdr *eth = packet_headers(skb, ETH_HLEN + sizeof(struct arp_packet));
	__be32 own = address_ipv4(device->ipv4);
	struct arp_packet *arp;
	int dropped;

	if (!eth)
		return DROP(INVALID_PACKET);
	arp = (void *)(eth + 1);
	if (!arp_is_ipv4(arp))
		return DROP(INVALID_ARP);
	if (!mac_equal(arp->sender_mac, device->mac))
		return DROP(SPOOFED_MAC);
	if (!(device->flags & DEVICE_CHAINED) && asks_for_router(arp)) {
		arp_turn_round(eth, arp, device);
		count_forwarded(DIRECTION_EGRESS, skb->len);
		return reply_to_pod(skb);
	}
	dropped = check_arp_sender(arp, device);
	if (dropped)
		return dropped;
	if (device->flags & DEVICE_CHAINED) {
		count_forwarded(DIRECTION_EGRESS, skb->len);
		return VERDICT_NEXT;
	}
	if (own && arp_address(arp->target) == own)
		return DROP(NEIGHBOUR_ANNOUNCED);
	return arp->operation == bpf_htons(ARP_REQUEST) ? DROP(UNKNOWN_NEIGHBOUR) : DROP(INVALID_ARP);
}
