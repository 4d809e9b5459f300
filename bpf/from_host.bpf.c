// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* tcx egress of axo_host: what the node's stack sends towards the pods. */
#include "lib/ipcache.h"
#include "lib/parse.h"
#include "lib/verdict.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_FROM_HOST

/* The stack has decremented the hop limit of what it forwards, and must not of what it sends itself. */
static __always_inline int send_to_endpoint(struct __sk_buff *skb, struct packet *packet, const struct endpoint_value *endpoint)
{
	int dropped = admit_to_endpoint(skb, packet, endpoint, false);

	if (unlikely(dropped))
		return dropped;
	if (unlikely(!set_ethernet_addresses(skb, endpoint->mac)))
		return DROP(WRITE);
	count_forwarded(DIRECTION_HOST, skb->len);
	return bpf_redirect(endpoint->ifindex, 0);
}

static __always_inline int from_host(struct __sk_buff *skb, struct packet *packet)
{
	struct endpoint_value *endpoint;
	int dropped;

	packet->source_identity = IDENTITY_HOST;
	dropped = parse_ip(skb, packet);
	if (unlikely(dropped))
		return dropped;
	if (unlikely(!packet->family || address_is_multicast(packet->tuple.destination) ||
		     (packet->family == AF_INET6 && address_is_link_local(packet->tuple.destination))))
		return DROP(HOST_MULTICAST);
	/* A process of the node, or route_localnet: the pod would answer itself. */
	if (unlikely(address_is_martian(packet->tuple.source)))
		return DROP(MARTIAN_SOURCE);
	note_sender(skb, packet);
	trace_from(skb, TRACE_FROM_HOST);
	endpoint = endpoint_lookup(packet->tuple.destination);
	if (unlikely(!endpoint || endpoint->flags & ENDPOINT_HOST))
		return DROP(NO_ENDPOINT);
	note_destination(packet, endpoint);
	return send_to_endpoint(skb, packet, endpoint);
}

SEC("tc")
int axo_from_host(struct __sk_buff *skb)
{
	struct packet *packet = packet_begin(skb, DIRECTION_HOST, ETH_HLEN);

	if (unlikely(!packet))
		return give_up(skb, DIRECTION_HOST);
	return finish(skb, from_host(skb, packet), REPLY_TO_STACK);
}

char program_license[] SEC("license") = "Dual BSD/GPL";
