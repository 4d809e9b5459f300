// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The last step inside the node: into a pod, or into the node's stack. */
#pragma once

#include "drop.h"
#include "events.h"
#include "identity.h"
#include "judge.h"
#include "mtu.h"
#include "rewrite.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_DELIVER

/* A verdict: on to the next program or qdisc of the hook, and to the stack. TC_ACT_UNSPEC, which means that, would read as a drop. */
#define VERDICT_NEXT 0x100

/* A frame that the sender addressed to another MAC was marked PACKET_OTHERHOST on arrival, and the receiver's stack would ignore it. */
static __always_inline void mark_for_receiver(struct __sk_buff *skb)
{
	if (unlikely(skb->pkt_type != 0))
		bpf_skb_change_type(skb, 0 /* PACKET_HOST */);
}

/*
 * Into the namespace behind a pod's device. At tc ingress without a queue in between. A netkit's program runs where its pod sends, before
 * anything has arrived anywhere: there the kernel drops what bpf_redirect_peer asks for (skb_do_redirect), and a netkit that is sent to
 * hands the packet over as directly.
 */
static __always_inline int enter_pod(struct __sk_buff *skb, __u32 ifindex)
{
	mark_for_receiver(skb);
	if (skb->ingress_ifindex)
		return bpf_redirect_peer(ifindex, 0);
	return bpf_redirect(ifindex, 0);
}

/* Back to the pod from whose device the packet came, as if it arrived there. */
static __always_inline int reply_to_pod(struct __sk_buff *skb)
{
	return enter_pod(skb, skb->ifindex);
}

/* What must hold before a packet is changed on its way into a pod. `takes_hop`: the stack has not counted it. Returns 0 or a drop. */
static __always_inline int admit_to_endpoint(struct __sk_buff *skb, struct packet *packet, const struct endpoint_value *endpoint,
					     bool takes_hop)
{
	int dropped = judge_for_receiver(skb);

	if (unlikely(dropped))
		return dropped;
	if (takes_hop && unlikely(packet->hop_limit <= 1))
		return DROP(TTL_EXCEEDED);
	if (unlikely(exceeds_mtu(skb, packet, endpoint->mtu))) {
		packet->mtu = endpoint->mtu;
		return DROP(TOO_BIG);
	}
	return 0;
}

/* Straight into the pod's namespace, one hop further. */
static __always_inline int deliver_to_endpoint(struct __sk_buff *skb, struct packet *packet, const struct endpoint_value *endpoint)
{
	int dropped = admit_to_endpoint(skb, packet, endpoint, true);

	if (unlikely(dropped))
		return dropped;
	if (unlikely(!decrement_hops(skb, packet) || !set_ethernet_addresses(skb, endpoint->mac)))
		return DROP(WRITE);
	trace_to(skb, TRACE_TO_ENDPOINT);
	return enter_pod(skb, endpoint->ifindex);
}

/* Into the node's stack as if it arrived on axo_host, where the pods' route points, so that reverse path filters agree. */
static __always_inline int deliver_to_stack(struct __sk_buff *skb, const struct packet *packet)
{
	mark_sender(skb, packet);
	if (unlikely(!set_ethernet_destination(skb, cfg_host_mac)))
		return DROP(WRITE);
	return bpf_redirect(cfg_host_ifindex, BPF_F_INGRESS);
}
