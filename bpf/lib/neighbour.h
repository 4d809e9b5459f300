// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The router's side of IPv6 neighbour discovery (RFC 4861) and multicast listener discovery (RFC 2710, 3810): a pod's question for its
 * gateway is answered; what a pod says to a real link's routers and neighbours ends here, quietly.
 */
#pragma once

#include "deliver.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_NEIGHBOUR

/* ICMPv6 types, from IANA's registry */
#define ICMPV6_LISTENER_QUERY	      130
#define ICMPV6_LISTENER_DONE	      132
#define ICMPV6_ROUTER_SOLICITATION    133
#define ICMPV6_NEIGHBOUR_SOLICITATION 135
#define ICMPV6_NEIGHBOUR_ADVERTISED   136
#define ICMPV6_REDIRECT		      137
#define ICMPV6_LISTENER_REPORT_V2     143

#define ND_ROUTER    0x80000000
#define ND_SOLICITED 0x40000000
#define ND_OVERRIDE  0x20000000

struct nd_message {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be32 flags;
	__u8 target[16];
};

/* Everything behind the Ethernet header of the advertisement that we send. */
struct nd_advertisement {
	struct ipv6hdr ip;
	struct nd_message message;
	__u8 option; /* 2: target link-layer address */
	__u8 option_length;
	__u8 mac[6];
};

/* True for messages that live on one link and are never routed. */
static __always_inline bool is_discovery(const struct packet *packet)
{
	__u8 type = packet_icmp_type(packet);

	if (likely(packet->tuple.protocol != IPPROTO_ICMPV6) || packet->flags & PACKET_LATER_FRAGMENT)
		return false;
	return (type >= ICMPV6_LISTENER_QUERY && type <= ICMPV6_REDIRECT) || type == ICMPV6_LISTENER_REPORT_V2;
}

static __always_inline bool is_listener_message(__u8 type)
{
	return (type >= ICMPV6_LISTENER_QUERY && type <= ICMPV6_LISTENER_DONE) || type == ICMPV6_LISTENER_REPORT_V2;
}

static __always_inline __sum16 fold(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32 & 0xffff) + (sum >> 48);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

#define ND_LENGTH (sizeof(struct nd_advertisement) - sizeof(struct ipv6hdr))

/* RFC 4861, 7.2.4: to the asker, or to all nodes when the asker has no address yet. */
static __always_inline void fill_advertisement(struct nd_advertisement *reply, const struct packet *packet,
					       const struct device_value *device)
{
	bool has_address = !address_is_zero(packet->tuple.source);
	__s64 sum;

	reply->ip.version = 6;
	reply->ip.payload_len = bpf_htons(ND_LENGTH);
	reply->ip.nexthdr = IPPROTO_ICMPV6;
	reply->ip.hop_limit = 255;
	address_copy(&reply->ip.saddr, cfg_router6);
	if (has_address) {
		address_copy(&reply->ip.daddr, packet->tuple.source);
	} else {
		reply->ip.daddr.s6_addr[0] = 0xff;
		reply->ip.daddr.s6_addr[1] = 0x02;
		reply->ip.daddr.s6_addr[15] = 1;
	}
	reply->message.type = ICMPV6_NEIGHBOUR_ADVERTISED;
	reply->message.flags = bpf_htonl(ND_ROUTER | ND_OVERRIDE | (has_address ? ND_SOLICITED : 0));
	address_copy(reply->message.target, cfg_router6);
	reply->option = 2;
	reply->option_length = 1;
	mac_copy(reply->mac, device->node_mac);
	sum = bpf_csum_diff(NULL, 0, (void *)&reply->ip.saddr, 32 + ND_LENGTH, bpf_htonl(ND_LENGTH) + bpf_htonl(IPPROTO_ICMPV6));
	reply->message.checksum = fold(sum);
}

/* 0 or a drop. */
STEP int send_advertisement(struct __sk_buff *skb)
{
	const struct device_value *device = device_lookup(skb->ifindex);
	const struct packet *packet = packet_of(skb);
	struct nd_advertisement reply = {};
	__u8 macs[12] ALIGNED(4);

	if (!device || !packet)
		return DROP(UNKNOWN_DEVICE);
	fill_advertisement(&reply, packet, device);
	mac_copy(macs, device->mac);
	mac_copy(macs + 6, device->node_mac);
	if (bpf_skb_change_tail(skb, ETH_HLEN + sizeof(reply), 0) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN, &reply, sizeof(reply), BPF_F_RECOMPUTE_CSUM) ||
	    bpf_skb_store_bytes(skb, 0, macs, sizeof(macs), 0))
		return DROP(WRITE);
	return 0;
}

/* The pod's own address, a link-local one, or none yet. */
static __always_inline bool is_local_source(const struct packet *packet, const struct device_value *device)
{
	const void *source = packet->tuple.source;

	return address_equal(source, device->ipv6) || address_is_link_local(source) || address_is_zero(source);
}

static __always_inline int answer_solicitation(struct __sk_buff *skb, const struct packet *packet, const struct device_value *device)
{
	__u8 target[16] ALIGNED(8);
	int dropped;

	if (bpf_skb_load_bytes(skb, packet->l4_offset + offsetof(struct nd_message, target), target, sizeof(target)))
		return DROP(FORBIDDEN_ICMPV6);
	/* Any sender but the router gets this answer: see asks_for_router (arp.h). */
	if (address_equal(target, cfg_router6) && !address_is_zero(target) && !address_equal(packet->tuple.source, cfg_router6)) {
		dropped = send_advertisement(skb);
		if (dropped)
			return dropped;
		count_forwarded(DIRECTION_EGRESS, skb->len);
		return reply_to_pod(skb);
	}
	if (!is_local_source(packet, device))
		return DROP(SPOOFED_SOURCE);
	if (address_is_zero(packet->tuple.source) || address_equal(target, device->ipv6))
		return DROP(DUPLICATE_ADDRESS);
	return DROP(UNKNOWN_NEIGHBOUR);
}

static __always_inline int answer_discovery(struct __sk_buff *skb, const struct packet *packet, const struct device_value *device)
{
	__u8 type = packet_icmp_type(packet);

	if (type == ICMPV6_NEIGHBOUR_SOLICITATION && packet->hop_limit == 255)
		return answer_solicitation(skb, packet, device);
	if (!is_local_source(packet, device))
		return DROP(SPOOFED_SOURCE);
	if (is_listener_message(type))
		return DROP(MULTICAST_LISTENER);
	/* RFC 4861, 6.1 and 7.1: anything else came through a router. */
	if (packet->hop_limit != 255)
		return DROP(FORBIDDEN_ICMPV6);
	if (type == ICMPV6_ROUTER_SOLICITATION)
		return DROP(ROUTER_SOLICITATION);
	if (type == ICMPV6_NEIGHBOUR_ADVERTISED)
		return DROP(NEIGHBOUR_ANNOUNCED);
	return DROP(FORBIDDEN_ICMPV6);
}
