// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * From bytes to struct packet, for IPv4 and IPv6. Each function returns 0 or a drop.
 *
 * Everything is read within the length that the IP header states, never behind it: what a receiver's stack cuts off (padding) must not
 * decide here. Where stacks may read a packet in another way than we do, it is dropped.
 */
#pragma once

#include "extensions.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_PARSE

#define IPV4_DF	    0x4000
#define IPV4_MF	    0x2000
#define IPV4_OFFSET 0x1fff /* in 8 bytes */

#define TCP_FLAGS_OFFSET 13

/* 0 or a drop. `offset`: of layer 4. */
static __always_inline int read_tcp_flags(struct __sk_buff *skb, struct packet *packet, __u32 offset)
{
	void *data = packet_data(skb);

	if (packet->tuple.protocol != IPPROTO_TCP)
		return 0;
	if (likely(offset <= MAX_L4_OFFSET && data + offset + TCP_FLAGS_OFFSET + 1 <= packet_end(skb))) {
		packet->tcp_flags = *(__u8 *)(data + offset + TCP_FLAGS_OFFSET);
		return 0;
	}
	return bpf_skb_load_bytes(skb, offset + TCP_FLAGS_OFFSET, &packet->tcp_flags, 1) ? DROP(INVALID_LAYER4) : 0;
}

/* Ports, or the type and code of ICMP. `end`: of the IP packet, from the start of the frame. */
static __always_inline int parse_layer4(struct __sk_buff *skb, struct packet *packet, __u32 offset, __u32 end)
{
	__u32 minimum = layer4_minimum(packet->tuple.protocol);
	any_u32 *ports = (any_u32 *)&packet->tuple.source_port;
	void *data = packet_data(skb);

	packet->l4_offset = offset;
	packet->l4_length = end - offset;
	if (packet->flags & PACKET_LATER_FRAGMENT || !minimum)
		return 0;
	if (unlikely(offset + minimum > end))
		return packet->flags & PACKET_FRAGMENT ? DROP(TINY_FRAGMENT) : DROP(INVALID_LAYER4);
	if (likely(offset <= MAX_L4_OFFSET && data + offset + sizeof(*ports) <= packet_end(skb))) {
		*ports = *(any_u32 *)(data + offset);
		return read_tcp_flags(skb, packet, offset);
	}
	if (bpf_skb_load_bytes(skb, offset, ports, sizeof(*ports)))
		return DROP(INVALID_LAYER4);
	return read_tcp_flags(skb, packet, offset);
}

static __always_inline __u8 ipv4_flags(__u32 fragment)
{
	return (fragment & IPV4_DF ? PACKET_DONT_FRAGMENT : 0) | (fragment & IPV4_OFFSET ? PACKET_LATER_FRAGMENT : 0) |
	       (fragment & (IPV4_MF | IPV4_OFFSET) ? PACKET_FRAGMENT : 0) |
	       ((fragment & (IPV4_MF | IPV4_OFFSET)) == IPV4_MF ? PACKET_FIRST_FRAGMENT : 0);
}

static __always_inline int parse_ipv4(struct __sk_buff *skb, struct packet *packet)
{
	__u32 header, total, fragment, offset = packet->l3_offset;
	struct iphdr *ip = network_header(skb, packet, sizeof(*ip));
	int dropped;

	if (unlikely(!ip))
		return DROP(INVALID_PACKET);
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	/* A total length of 0 is a GSO packet above 64 KiB (BIG TCP). */
	if (unlikely(total == 0 && skb->gso_size))
		total = skb->len - offset;
	if (unlikely(ip->version != 4 || header < sizeof(*ip) || total < header || total + offset > skb->len))
		return DROP(INVALID_PACKET);
	fragment = bpf_ntohs(ip->frag_off);
	packet->family = AF_INET;
	packet->hop_limit = ip->ttl;
	packet->tos = ip->tos;
	packet->flags = ipv4_flags(fragment);
	packet->fragment_id = packet->flags & PACKET_FRAGMENT ? ip->id : 0;
	packet->tuple.protocol = ip->protocol;
	address_from_ipv4(packet->tuple.source, ip->saddr);
	address_from_ipv4(packet->tuple.destination, ip->daddr);
	if (unlikely(packet->flags & PACKET_LATER_FRAGMENT && is_tiny((fragment & IPV4_OFFSET) * 8, packet->tuple.protocol)))
		return DROP(TINY_FRAGMENT);
	if (unlikely(header > sizeof(*ip))) {
		dropped = check_options(skb, offset, header);
		if (dropped)
			return dropped;
	}
	return parse_layer4(skb, packet, offset + header, offset + total);
}

static __always_inline int parse_ipv6(struct __sk_buff *skb, struct packet *packet)
{
	struct ipv6hdr *ip = network_header(skb, packet, sizeof(*ip));
	int offset = packet->l3_offset + sizeof(*ip);
	__u32 length, end;

	if (unlikely(!ip))
		return DROP(INVALID_PACKET);
	length = bpf_ntohs(ip->payload_len);
	/* A payload length of 0 goes with GSO above 64 KiB (BIG TCP); there are no jumbograms (RFC 2675) on the devices that we serve. */
	end = length == 0 && skb->gso_size ? skb->len : length + offset;
	if (unlikely(ip->version != 6 || end > skb->len))
		return DROP(INVALID_PACKET);
	packet->family = AF_INET6;
	packet->hop_limit = ip->hop_limit;
	packet->tos = ip->priority << 4 | ip->flow_lbl[0] >> 4;
	packet->flags = PACKET_DONT_FRAGMENT;
	packet->tuple.protocol = ip->nexthdr;
	address_copy(packet->tuple.source, &ip->saddr);
	address_copy(packet->tuple.destination, &ip->daddr);
	/* Such an address would be taken for IPv4 in every map (RFC 4291, 2.5.5.2: never on the wire). */
	if (unlikely(address_is_mapped(packet->tuple.source) || address_is_mapped(packet->tuple.destination)))
		return DROP(INVALID_ADDRESS);
	if (unlikely(is_extension(packet->tuple.protocol))) {
		offset = parse_extensions(skb, end);
		if (offset < 0)
			return offset;
	}
	return parse_layer4(skb, packet, offset, end);
}

/* Parses either family. Returns 0 or a drop; a packet of neither family leaves packet->family at 0. */
static __always_inline int parse_ip(struct __sk_buff *skb, struct packet *packet)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return parse_ipv4(skb, packet);
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(skb, packet);
	return 0;
}
