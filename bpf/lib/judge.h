// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The two verdicts about a packet, each given before a byte of it is changed: one call per concern, in fixed order, each of which returns 0
 * or a drop. They know the packet by packet_of(): identities, endpoint ids, tuple. No concern judges yet.
 */
#pragma once

#include "packet.h"

/* May the sender's pod send it? In the program that the packet meets first. */
static __always_inline int judge_for_sender(struct __sk_buff *skb __attribute__((unused)))
{
	return 0;
}

/* May the receiver's pod have it? In the program that the packet meets last: none runs behind bpf_redirect_peer or at a netkit's primary. */
static __always_inline int judge_for_receiver(struct __sk_buff *skb __attribute__((unused)))
{
	return 0;
}
