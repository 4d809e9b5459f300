// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Shows what lib/parse.h reads from a packet: returns the reason of the drop, or 0 with the result in place of the frame's first bytes. */
#include "lib/parse.h"

struct parsed {
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 flags;
	__u8 family;
	__u8 tos;
	__be16 l4_offset;
};

SEC("tc")
int parse_probe(struct __sk_buff *skb)
{
	struct packet *packet = packet_begin(skb, 0, ETH_HLEN);
	struct parsed parsed;
	int dropped;

	if (!packet)
		return -1;
	dropped = parse_ip(skb, packet);
	parsed = (struct parsed){
		.source_port = packet->tuple.source_port,
		.destination_port = packet->tuple.destination_port,
		.protocol = packet->tuple.protocol,
		.flags = packet->flags,
		.family = packet->family,
		.tos = packet->tos,
		.l4_offset = bpf_htons(packet->l4_offset),
	};
	if (!dropped && bpf_skb_store_bytes(skb, 0, &parsed, sizeof(parsed), 0))
		return -1;
	return dropped ? drop_reason_of(dropped) : 0;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
