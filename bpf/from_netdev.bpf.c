// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* tcx ingress of a native device: packets for pods go straight to them, all others to the node's stack. */
#include "lib/ipcache.h"
#include "lib/parse.h"
#include "lib/verdict.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_FROM_NETDEV

/* VLAN tagged frames belong to a device above this one; frames for other MACs to nobody here. */
static __always_inline bool is_ours(struct __sk_buff *skb)
{
	return !skb->vlan_present && skb->pkt_type == 0 /* PACKET_HOST */ &&
	       (skb->protocol == bpf_htons(ETH_P_IP) || skb->protocol == bpf_htons(ETH_P_IPV6));
}

static __always_inline int from_netdev(struct __sk_buff *skb, struct packet *packet)
{
	struct endpoint_value *endpoint;
	int verdict;

	/* What does not parse is not for a pod: the stack judges it. */
	if (!is_ours(skb) || parse_ip(skb, packet))
		goto stack;
	trace_from(skb, packet, TRACE_FROM_NETWORK);
	endpoint = endpoint_lookup(packet->tuple.destination);
	if (!endpoint || endpoint->flags & (ENDPOINT_HOST | ENDPOINT_STACK))
		goto stack;
	packet->source_identity = IDENTITY_WORLD;
	note_destination(packet, endpoint);
	verdict = deliver_to_endpoint(skb, packet, endpoint);
	if (likely(verdict >= 0))
		count_forwarded(DIRECTION_INGRESS, skb->len);
	return verdict;
stack:
	count_forwarded(DIRECTION_HOST, skb->len);
	return TC_ACT_OK;
}

SEC("tc")
int axo_from_netdev(struct __sk_buff *skb)
{
	struct packet packet = {.direction = DIRECTION_INGRESS};

	return finish(skb, &packet, from_netdev(skb, &packet), REPLY_TO_NETWORK);
}

char program_license[] SEC("license") = "Dual BSD/GPL";
