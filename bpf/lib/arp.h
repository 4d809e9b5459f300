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

static __always_inline int answer_arp(struct __sk_buff *skb, const struct device_value *device)
{
	struct ethhdr *eth = packet_headers(skb, ETH_HLEN + sizeof(struct arp_packet));
	struct arp_packet *arp;
	__be32 own = address_ipv4(device->ipv4);

	if (!eth)
		return DROP(INVALID_PACKET);
	arp = (void *)(eth + 1);
	if (!arp_is_ipv4(arp))
		return DROP(INVALID_ARP);
	if (!mac_equal(arp->sender_mac, device->mac))
		return DROP(SPOOFED_MAC);
	/* RFC 5227: a probe has no sender address yet. */
	if (arp_address(arp->sender) && arp_address(arp->sender) != own)
		return DROP(SPOOFED_SOURCE);
	if (device->flags & DEVICE_CHAINED) {
		count_forwarded(DIRECTION_EGRESS, skb->len);
		return VERDICT_NEXT;
	}
	if (own && arp_address(arp->target) == own)
		return DROP(NEIGHBOUR_ANNOUNCED);
	if (arp->operation != bpf_htons(ARP_REQUEST))
		return DROP(INVALID_ARP);
	if (address_is_zero(cfg_router4) || arp_address(arp->target) != address_ipv4(cfg_router4))
		return DROP(UNKNOWN_NEIGHBOUR);
	arp_turn_round(eth, arp, device);
	count_forwarded(DIRECTION_EGRESS, skb->len);
	return reply_to_pod(skb);
}
