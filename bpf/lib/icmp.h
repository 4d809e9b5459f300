// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * ICMP errors (RFC 792, RFC 1812 4.3; RFC 4443) about packets that we drop: the sender's own packet is cut, turned round and given the
 * error's headers. The original is quoted up to ICMP_QUOTE bytes.
 */
#pragma once

#include "deliver.h"
#include "neighbour.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_ICMP

/* At most 576 bytes of IPv4 (RFC 1812, 4.3.2.3) and 1280 of IPv6 (RFC 4443, 2.4), and what older kernels' bpf_csum_diff takes at once. */
#define ICMP_QUOTE 512

/* Errors of one kind per second to one source (RFC 1812, 4.3.2.8; RFC 4443, 2.4 (f)), and at once. */
#define ICMP_PER_SECOND 100
#define ICMP_AT_ONCE	200

/* Where an error goes. */
enum reply_path {
	REPLY_TO_POD,	  /* into the pod from which the packet came */
	REPLY_TO_NETWORK, /* out of the device by which the packet came */
	REPLY_TO_STACK,	  /* into the stack from which the packet came */
	REPLY_NEVER,
};

struct icmp_message {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be32 info; /* the MTU, or zero */
};

struct icmp4_error {
	struct iphdr ip;
	struct icmp_message icmp;
};

struct icmp6_error {
	struct ipv6hdr ip;
	struct icmp_message icmp;
};

/* Type and code for a drop, as type << 8 | code; 0 when the sender is not told. */
static __always_inline __u16 icmp4_kind(__u32 reason)
{
	switch (reason) {
	case DROP_TTL_EXCEEDED:
		return 11 << 8;
	case DROP_TOO_BIG:
		return 3 << 8 | 4;
	case DROP_NO_ENDPOINT:
	case DROP_UNREACHABLE:
		return 3 << 8 | 1;
	case DROP_PROHIBITED:
		return 3 << 8 | 13;
	}
	return 0;
}

static __always_inline __u16 icmp6_kind(__u32 reason)
{
	switch (reason) {
	case DROP_TTL_EXCEEDED:
		return 3 << 8;
	case DROP_TOO_BIG:
		return 2 << 8;
	case DROP_NO_ENDPOINT:
	case DROP_UNREACHABLE:
		return 1 << 8 | 3;
	case DROP_PROHIBITED:
		return 1 << 8 | 1;
	}
	return 0;
}

static __always_inline bool is_icmp4_error(__u8 type)
{
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* A frame that names no single sender: its error would go to every host of the link. */
static __always_inline bool is_sent_by_group(struct __sk_buff *skb)
{
	const struct ethhdr *eth = packet_headers(skb, ETH_HLEN);

	return !eth || eth->h_source[0] & 1;
}

/* RFC 1122 3.2.2, RFC 4443 2.4 (e): never about errors, multicast, later fragments, or senders that are no single host. */
static __always_inline bool may_be_answered(const struct packet *packet)
{
	if (packet->flags & PACKET_LATER_FRAGMENT || address_is_multicast(packet->tuple.destination) ||
	    address_is_multicast(packet->tuple.source))
		return false;
	if (packet->family == AF_INET)
		return address_ipv4(packet->tuple.source) &&
		       !(packet->tuple.protocol == IPPROTO_ICMP && is_icmp4_error(packet_icmp_type(packet)));
	if (packet->tuple.protocol == IPPROTO_ICMPV6 && (packet_icmp_type(packet) < 128 || packet_icmp_type(packet) == ICMPV6_REDIRECT))
		return false;
	return !address_is_zero(packet->tuple.source);
}

/* Per device and source address; a pod's address was checked before anything is said about its packets. */
static __always_inline bool is_within_limit(struct __sk_buff *skb, const struct packet *packet, __u32 reason)
{
	__u8 kind = reason == DROP_TOO_BIG ? RATE_ICMP_TOO_BIG : RATE_ICMP_OTHER;

	if (likely(rate_allows(skb->ifindex, kind, rate_part_of(packet->tuple.source), SECOND_NS / ICMP_PER_SECOND, ICMP_AT_ONCE)))
		return true;
	metrics_count(DROP_ICMP_LIMITED, packet->direction, THIS_FILE, skb->len);
	return false;
}

/* Copies what is quoted and returns its length, a multiple of 4; sum gets its checksum. */
static __always_inline int take_quote(struct __sk_buff *skb, void *quote, __s64 *sum)
{
	__u32 length = (skb->len - ETH_HLEN) & ~3U;

	if (length > ICMP_QUOTE)
		length = ICMP_QUOTE;
	OPAQUE(length);
	if (length < sizeof(struct iphdr) || bpf_skb_load_bytes(skb, ETH_HLEN, quote, length))
		return -1;
	*sum = bpf_csum_diff(NULL, 0, quote, length, 0);
	return length;
}

/* Bytes of packet while offloads are taken off it, and what may be left of them: more than any IP header. */
#define PULL_FROM 1024
#define PULL_TO	  64

/*
 * Makes the frame one of `length` bytes of packet without offloads; only its Ethernet header keeps its content. The stack's and the devices'
 * unfinished layer 4 checksum (CHECKSUM_PARTIAL; also after GRO) would later be written into the quote and spoil the error's checksum. The
 * kernel forgets it when bytes are taken off behind the place where that checksum starts: so the packet is first made long enough,
 * then everything up to that place goes, then four bytes more, which the kernel sees as gone beyond it.
 */
static __always_inline bool clear_packet(struct __sk_buff *skb, __u32 length)
{
	return !bpf_skb_change_tail(skb, ETH_HLEN + PULL_FROM, 0) && !bpf_skb_adjust_room(skb, PULL_TO - PULL_FROM, BPF_ADJ_ROOM_MAC, 0) &&
	       !bpf_skb_adjust_room(skb, -4, BPF_ADJ_ROOM_MAC, 0) && !bpf_skb_change_tail(skb, ETH_HLEN + length, 0);
}

static __always_inline int write_icmp4(struct __sk_buff *skb, const struct packet *packet, const void *source, __u16 kind, int quote,
				       __s64 sum)
{
	struct icmp4_error error = {
		.ip = {.version = 4,
		       .ihl = 5,
		       .tos = 0xc0, /* internetwork control: RFC 1812, 4.3.2.5 */
		       .tot_len = bpf_htons(sizeof(error) + quote),
		       .ttl = 64,
		       .protocol = IPPROTO_ICMP,
		       .saddr = address_ipv4(source),
		       .daddr = address_ipv4(packet->tuple.source)},
		.icmp = {.type = kind >> 8, .code = kind, .info = bpf_htonl(packet->mtu)},
	};

	error.ip.check = fold(bpf_csum_diff(NULL, 0, (void *)&error.ip, sizeof(error.ip), 0));
	error.icmp.checksum = fold(bpf_csum_diff(NULL, 0, (void *)&error.icmp, sizeof(error.icmp), sum));
	return bpf_skb_store_bytes(skb, ETH_HLEN, &error, sizeof(error), 0);
}

static __always_inline int write_icmp6(struct __sk_buff *skb, const struct packet *packet, const void *source, __u16 kind, int quote,
				       __s64 sum)
{
	__u32 length = sizeof(struct icmp_message) + quote;
	struct icmp6_error error = {
		.ip = {.version = 6, .payload_len = bpf_htons(length), .nexthdr = IPPROTO_ICMPV6, .hop_limit = 64},
		.icmp = {.type = kind >> 8, .code = kind, .info = bpf_htonl(packet->mtu)},
	};

	address_copy(&error.ip.saddr, source);
	address_copy(&error.ip.daddr, packet->tuple.source);
	sum = bpf_csum_diff(NULL, 0, (void *)&error.ip.saddr, 32, sum);
	sum = (__u32)sum + (__u64)bpf_htonl(length) + (__u64)bpf_htonl(IPPROTO_ICMPV6);
	sum = (sum & 0xffffffff) + (sum >> 32);
	error.icmp.checksum = fold((__u32)bpf_csum_diff(NULL, 0, (void *)&error.icmp, sizeof(error.icmp), (__u32)sum + (sum >> 32)));
	return bpf_skb_store_bytes(skb, ETH_HLEN, &error, sizeof(error), 0);
}

/* Source and destination MAC of the frame change places. */
static __always_inline bool turn_round(struct __sk_buff *skb)
{
	struct ethhdr *eth = packet_headers(skb, ETH_HLEN);
	__u8 mac[6] ALIGNED(2);

	if (!eth)
		return false;
	mac_copy(mac, eth->h_dest);
	mac_copy(eth->h_dest, eth->h_source);
	mac_copy(eth->h_source, mac);
	return true;
}

/* The stack refuses packets from its own addresses that arrive from outside, so errors for it come from the unreached address. */
static __always_inline void error_source(const struct packet *packet, __u32 path, void *source)
{
	if (path == REPLY_TO_STACK)
		address_copy(source, packet->tuple.destination);
	else if (packet->family == AF_INET)
		address_copy(source, cfg_router4);
	else
		address_copy(source, cfg_router6);
}

/* Makes the packet its own error message. False when it stays a drop. */
static __always_inline bool write_error(struct __sk_buff *skb, const struct packet *packet, const void *source, __u16 kind, __u8 *quote)
{
	bool is_ipv4 = packet->family == AF_INET;
	__u32 header = is_ipv4 ? sizeof(struct icmp4_error) : sizeof(struct icmp6_error);
	__s64 sum = 0;
	int length = take_quote(skb, quote, &sum);

	if (length < 0 || length > ICMP_QUOTE || !clear_packet(skb, header + length))
		return false;
	if (length == 0 || bpf_skb_store_bytes(skb, ETH_HLEN + header, quote, length, 0))
		return false;
	if (is_ipv4 ? write_icmp4(skb, packet, source, kind, length, sum) : write_icmp6(skb, packet, source, kind, length, sum))
		return false;
	return turn_round(skb);
}

/* Makes the packet its own error message. False when it stays a drop. */
static __always_inline bool icmp_error(struct __sk_buff *skb, const struct packet *packet, __u32 reason, __u32 path)
{
	__u16 kind = packet->family == AF_INET ? icmp4_kind(reason) : icmp6_kind(reason);
	void *quote = scratch_memory(skb);
	__u8 source[16] ALIGNED(8);

	error_source(packet, path, source);
	if (!quote || !kind || address_is_zero(source) || !may_be_answered(packet) || is_sent_by_group(skb) ||
	    !is_within_limit(skb, packet, reason))
		return false;
	return write_error(skb, packet, source, kind, quote);
}
