// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* tcx egress of a pod's host-side device: what reaches a pod through the node's stack. */
#include "lib/ipcache.h"
#include "lib/parse.h"
#include "lib/verdict.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_TO_CONTAINER

/* What a link of another plugin's lives by, and ours does not know: ARP, multicast, neighbour discovery. */
static __always_inline bool is_neighbourly(const struct packet *packet)
{
	return !packet->family || address_is_multicast(packet->tuple.destination) || address_is_link_local(packet->tuple.destination);
}

static __always_inline int to_container(struct __sk_buff *skb, struct packet *packet)
{
	struct device_value *device = device_lookup(skb->ifindex);
	int dropped;

	if (unlikely(!device))
		return DROP(UNKNOWN_DEVICE);
	packet->destination_id = device->id;
	packet->destination_identity = device->identity;
	packet->source_identity = IDENTITY_HOST;
	dropped = parse_ip(skb, packet);
	if (unlikely(dropped))
		return dropped;
	if (likely(packet->family))
		note_sender(skb, packet);
	if (unlikely(device->flags & DEVICE_CHAINED) && is_neighbourly(packet)) {
		count_forwarded(DIRECTION_INGRESS, skb->len);
		return VERDICT_NEXT;
	}
	if (unlikely(!packet->family))
		return DROP(UNSUPPORTED_ETHERTYPE);
	if (unlikely(address_is_multicast(packet->tuple.destination)))
		return DROP(HOST_MULTICAST);
	if (unlikely(!address_equal(packet->tuple.destination, packet->family == AF_INET ? device->ipv4 : device->ipv6)))
		return DROP(NOT_FOR_ENDPOINT);
	if (unlikely(address_is_martian(packet->tuple.source)))
		return DROP(MARTIAN_SOURCE);
	/* What axo_from_host has sent here was judged there; what another plugin's path or a process of the node sends was not. */
	dropped = judge_for_receiver(skb);
	if (unlikely(dropped))
		return dropped;
	trace_to(skb, TRACE_TO_ENDPOINT);
	count_forwarded(DIRECTION_INGRESS, skb->len);
	return device->flags & DEVICE_CHAINED ? VERDICT_NEXT : TC_ACT_OK;
}

SEC("tc")
int axo_to_container(struct __sk_buff *skb)
{
	struct packet *packet = packet_begin(skb, DIRECTION_INGRESS, ETH_HLEN);

	if (unlikely(!packet))
		return give_up(skb, DIRECTION_INGRESS);
	return finish(skb, to_container(skb, packet), REPLY_NEVER);
}

char program_license[] SEC("license") = "Dual BSD/GPL";
