// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Neighbour discovery (RFC 4861) of a pod on another plugin's device, where it reaches other hosts: a pod speaks for its own addresses and
 * MAC only, as by ARP, and is no router. This is RA guard (RFC 6105) and ND inspection (RFC 6620).
 */
#pragma once

#include "neighbour.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_ND_GUARD

#define ND_OPTION_SOURCE_MAC 1
#define ND_OPTION_TARGET_MAC 2
#define ND_MAX_OPTIONS	     4 /* real messages have one or two: a MAC, a nonce (RFC 7527) */

struct nd_option {
	__u8 type;
	__u8 length; /* in 8 bytes */
	__u8 mac[6];
};

/* fe80:: and the modified EUI-64 of the MAC (RFC 4291, appendix A), which is what Linux gives an interface by default. */
static __always_inline bool is_link_local_of(const void *address, const __u8 *mac)
{
	__u8 own[16] ALIGNED(8) = {0xfe, 0x80};

	own[8] = mac[0] ^ 0x02;
	own[9] = mac[1];
	own[10] = mac[2];
	own[11] = 0xff;
	own[12] = 0xfe;
	own[13] = mac[3];
	own[14] = mac[4];
	own[15] = mac[5];
	return address_equal(address, own);
}

static __always_inline bool is_own_address(const void *address, const struct device_value *device)
{
	return !address_is_zero(address) && (address_equal(address, device->ipv6) || is_link_local_of(address, device->mac));
}

/* `offset`: of the first option. Every MAC that the message announces is the pod's. */
static __always_inline int check_nd_options(struct __sk_buff *skb, __u32 offset, const struct device_value *device)
{
	struct nd_option option ALIGNED(8);

	for (int i = 0; i < ND_MAX_OPTIONS; i++) {
		if (offset >= skb->len)
			return 0;
		if (bpf_skb_load_bytes(skb, offset, &option, sizeof(option)) || !option.length)
			return DROP(FORBIDDEN_ICMPV6);
		if ((option.type == ND_OPTION_SOURCE_MAC || option.type == ND_OPTION_TARGET_MAC) && !mac_equal(option.mac, device->mac))
			return DROP(SPOOFED_MAC);
		offset += option.length * 8;
	}
	return offset >= skb->len ? 0 : DROP(FORBIDDEN_ICMPV6);
}

static __always_inline int check_advertisement(struct __sk_buff *skb, const struct packet *packet, const struct device_value *device)
{
	__u8 target[16] ALIGNED(8);

	if (bpf_skb_load_bytes(skb, packet->l4_offset + offsetof(struct nd_message, target), target, sizeof(target)))
		return DROP(FORBIDDEN_ICMPV6);
	return is_own_address(target, device) ? 0 : DROP(SPOOFED_SOURCE);
}

/* 0 for a message that may go on to the link, or a drop. */
STEP int check_discovery(struct __sk_buff *skb)
{
	const struct device_value *device = device_lookup(skb->ifindex);
	const struct packet *packet = packet_of(skb);
	__u32 options;
	int dropped = 0;
	__u8 type;

	if (!device || !packet)
		return DROP(UNKNOWN_DEVICE);
	type = packet_icmp_type(packet);
	options = packet->l4_offset + sizeof(struct nd_message);
	if (!address_is_zero(packet->tuple.source) && !is_own_address(packet->tuple.source, device))
		return DROP(SPOOFED_SOURCE);
	if (type == ICMPV6_LISTENER_QUERY)
		return DROP(FORBIDDEN_ICMPV6);
	if (is_listener_message(type))
		return 0;
	/* RFC 4861, 6.1 and 7.1: anything else came through a router. */
	if (packet->hop_limit != 255)
		return DROP(FORBIDDEN_ICMPV6);
	if (type == ICMPV6_NEIGHBOUR_ADVERTISED)
		dropped = check_advertisement(skb, packet, device);
	else if (type == ICMPV6_ROUTER_SOLICITATION)
		options = packet->l4_offset + sizeof(struct nd_message) - sizeof(((struct nd_message *)0)->target);
	else if (type != ICMPV6_NEIGHBOUR_SOLICITATION)
		dropped = DROP(FORBIDDEN_ICMPV6);
	return dropped ? dropped : check_nd_options(skb, options, device);
}
