// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * VLAN tags. Tag 0 carries a priority and no VLAN (IEEE 802.1Q, 6.9.1): such a frame counts as untagged, as it does for the kernel. On
 * arrival the kernel has moved the outer tag into the skb; what a netkit's pod sends has it in the frame.
 */
#pragma once

#include "packet.h"

#define VLAN_ID 0x0fff

static __always_inline bool is_vlan_ethertype(__be16 ethertype)
{
	return ethertype == bpf_htons(ETH_P_8021Q) || ethertype == bpf_htons(ETH_P_8021AD);
}

static __always_inline bool is_tagged(struct __sk_buff *skb)
{
	return skb->vlan_present || is_vlan_ethertype(skb->protocol);
}

/* True when the outer tag is one of priority alone. */
static __always_inline bool is_priority_tagged(struct __sk_buff *skb)
{
	__be16 tag;

	if (skb->vlan_present)
		return !(skb->vlan_tci & VLAN_ID);
	return !bpf_skb_load_bytes(skb, ETH_HLEN, &tag, sizeof(tag)) && !(tag & bpf_htons(VLAN_ID));
}

/* Takes a priority tag off. False when it is a VLAN's, or another tag is below it. */
static __always_inline bool remove_priority_tag(struct __sk_buff *skb)
{
	return is_priority_tagged(skb) && !bpf_skb_vlan_pop(skb) && !is_tagged(skb);
}

#define MAX_PRIORITY_TAGS 4

static __always_inline bool has_tag_below(struct __sk_buff *skb)
{
	return unlikely(skb->vlan_present) && is_vlan_ethertype(skb->protocol);
}

/*
 * Takes priority tags off that have another tag below them, as the kernel's receive path does after this hook; without it, what is below
 * would not be looked at. False when there are more of them than anybody sends.
 */
static __noinline __attribute__((unused)) bool unwrap_priority_tags(struct __sk_buff *skb)
{
	for (int i = 0; i < MAX_PRIORITY_TAGS; i++) {
		if (!has_tag_below(skb) || !is_priority_tagged(skb))
			return true;
		if (bpf_skb_vlan_pop(skb))
			return false;
	}
	return false;
}
