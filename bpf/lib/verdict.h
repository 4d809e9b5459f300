// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The end of every program: a drop is counted, reported, and where the protocols ask for it answered. */
#pragma once

#include "icmp.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_VERDICT

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
STEP int drop_packet(struct __sk_buff *skb, int verdict, __u32 path)
{
	const struct packet *packet = packet_of(skb);
	__u32 reason = drop_reason_of(verdict);

	if (!packet)
		return TC_ACT_SHOT;
	metrics_count(reason, packet->direction, drop_file_of(verdict), skb->len);
	if (!drop_is_quiet(reason) || cfg_monitor_aggregation == AGGREGATION_NONE)
		event_send(skb, EVENT_DROP << 16 | reason << 8, (__u32)drop_file_of(verdict) << 16 | drop_line_of(verdict));
	if (path == REPLY_NEVER || !packet->family || !icmp_error(skb, packet, reason, path))
		return TC_ACT_SHOT;
	return send_reply(skb, path);
}

/* The end of a program that has a packet's state. */
static __always_inline int finish(struct __sk_buff *skb, int verdict, __u32 path)
{
	if (unlikely(verdict < 0))
		verdict = drop_packet(skb, verdict, path);
	scratch_release(skb);
	return verdict == VERDICT_NEXT ? TC_ACT_UNSPEC : verdict;
}

/* The end of a program that got no working memory. */
static __always_inline int give_up(struct __sk_buff *skb, __u8 direction)
{
	metrics_count(DROP_BUSY, direction, THIS_FILE, skb->len);
	return TC_ACT_SHOT;
}
