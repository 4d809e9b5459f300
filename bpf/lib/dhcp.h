// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * DHCP (RFC 2131) of a pod on another plugin's device: its lease is asked for and renewed without a source address, by broadcast. Only for
 * the pod's own MAC, as DHCP snooping has it.
 */
#pragma once

#include "endpoints.h"
#include "packet.h"

#define DHCP_CLIENT_PORT 68
#define DHCP_SERVER_PORT 67
#define DHCP_HARDWARE	 28 /* bytes of message before chaddr */
#define UDP_HEADER	 8

static __always_inline bool is_dhcp_request(const struct packet *packet)
{
	const struct flow_tuple *tuple = &packet->tuple;

	return tuple->protocol == IPPROTO_UDP && !(packet->flags & PACKET_FRAGMENT) && !address_ipv4(tuple->source) &&
	       address_ipv4(tuple->destination) == 0xffffffff && tuple->source_port == bpf_htons(DHCP_CLIENT_PORT) &&
	       tuple->destination_port == bpf_htons(DHCP_SERVER_PORT);
}

static __always_inline bool asks_for_own_lease(struct __sk_buff *skb, const struct packet *packet, const struct device_value *device)
{
	__u8 hardware[6] ALIGNED(4);

	return is_dhcp_request(packet) &&
	       !bpf_skb_load_bytes(skb, packet->l4_offset + UDP_HEADER + DHCP_HARDWARE, hardware, sizeof(hardware)) &&
	       mac_equal(hardware, device->mac);
}
