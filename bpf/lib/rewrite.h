// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Changes that forwarding makes to a packet: hop limit and Ethernet addresses. */
#pragma once

#include "packet.h"

static __always_inline void decrement_ttl(struct iphdr *ip)
{
	/* RFC 1624: the TTL is the upper byte of its word, so one less adds 0x0100 to the ones' complement. */
	__u32 check = ip->check + (__u32)bpf_htons(0x0100);

	ip->check = check + (check >= 0xffff);
	ip->ttl -= 1;
}

/* Next header and hop limit are one word of the packet; a full checksum of the device (CHECKSUM_COMPLETE) must follow the change. */
static __always_inline void decrement_hop_limit(struct __sk_buff *skb, struct ipv6hdr *ip)
{
	ip->hop_limit -= 1;
	bpf_csum_update(skb, (__u16)~bpf_htons(0x0001));
}

/* One hop further: decrements TTL or hop limit. False when the header is not there any more. */
static __always_inline bool decrement_hops(struct __sk_buff *skb, const struct packet *packet)
{
	void *header;

	if (packet->family == AF_INET) {
		header = packet_at(skb, packet->l3_offset, sizeof(struct iphdr));
		if (header)
			decrement_ttl(header);
	} else {
		header = packet_at(skb, packet->l3_offset, sizeof(struct ipv6hdr));
		if (header)
			decrement_hop_limit(skb, header);
	}
	return header;
}

/* Writes destination and source, 12 bytes as they stand in an Ethernet header. */
static __always_inline bool set_ethernet_addresses(struct __sk_buff *skb, const void *destination_source)
{
	any_u32 *to = packet_data(skb);
	const any_u32 *from = destination_source;

	if ((void *)to + ETH_HLEN > packet_end(skb))
		return false;
	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
	return true;
}

static __always_inline bool set_ethernet_destination(struct __sk_buff *skb, const volatile void *mac)
{
	void *data = packet_data(skb);

	if (data + ETH_HLEN > packet_end(skb))
		return false;
	mac_copy(data, mac);
	return true;
}
