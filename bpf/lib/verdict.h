// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The end of every program: a drop is counted, reported, and where the protocols ask for it answered. */
#pragma once

#include "icmp.h"

static __always_inline int send_reply(struct __sk_buff *skb, __u32 path)
{
	switch (path) {
	case REPLY_TO_POD:
		return reply_to_pod(skb);
	case REPLY_TO_NETWORK:
		return bpf_redirect(skb->ifindex, 0);
	case REPLY_TO_STACK:
		return bpf_redirect(skb->ifindex, BPF_F_INGRESS);
	}
	return TC_ACT_SHOT;
}

/* verdict: what DROP() made. Returns the TC_ACT_* value of the program. */
static __noinline int drop_packet(struct __sk_buff *skb, struct packet *packet, int verdict, __u32 path)
{
	__u32 reason = drop_reason_of(verdict);

	metrics_count(reason, packet->direction, drop_file_of(verdict), skb->len);
	if (!drop_is_quiet(reason) || cfg_monitor_aggregation == AGGREGATION_NONE)
		event_send(skb, packet, EVENT_DROP << 16 | reason << 8, (__u32)drop_file_of(verdict) << 16 | drop_line_of(verdict));
	if (path == REPLY_NEVER || !packet->family || !icmp_error(skb, packet, reason, path))
		return TC_ACT_SHOT;
	return send_reply(skb, path);
}

static __always_inline int finish(struct __sk_buff *skb, struct packet *packet, int verdict, __u32 path)
{
	if (likely(verdict >= 0))
		return verdict == VERDICT_NEXT ? TC_ACT_UNSPEC : verdict;
	return drop_packet(skb, packet, verdict, path);
}
