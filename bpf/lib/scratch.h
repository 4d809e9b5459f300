// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Who uses the processor's working memory (axo_packet, axo_scratch). A tc program runs alone on its processor, so that one slot of memory
 * is enough. With PREEMPT_RT, since Linux 6.18, it can be preempted by another one: there a program claims a slot first. See decision 0113.
 */
#pragma once

#include "settings.h"

/* Programs that can be in the middle of a packet on one processor, with PREEMPT_RT. */
#define SCRATCH_SLOTS 4

/* Room for one thing at a time that is too big for the stack: an event on its way to the ring, the quote of an ICMP error. */
struct scratch_value {
	__u8 bytes[512] ALIGNED(8);
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct scratch_value);
	__uint(max_entries, SCRATCH_SLOTS);
} axo_scratch SEC(".maps");

/* A row per slot in use. A hash, because only its insertion is a test-and-set on every kernel. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32); /* processor * SCRATCH_SLOTS + slot */
	__type(value, __u32);
	__uint(max_entries, 4096);
} axo_scratch_use SEC(".maps");

/* The slot of the running program. The context's own field carries it: nothing else belongs to one packet alone. */
static __always_inline __u32 scratch_slot(const struct __sk_buff *skb)
{
	return cfg_preemptible ? skb->cb[0] : 0;
}

/* NULL only to satisfy the verifier. */
static __always_inline void *scratch_memory(const struct __sk_buff *skb)
{
	__u32 slot = scratch_slot(skb);

	return bpf_map_lookup_elem(&axo_scratch, &slot);
}

static __always_inline __u32 scratch_key(__u32 slot)
{
	return bpf_get_smp_processor_id() * SCRATCH_SLOTS + slot;
}

/* False when other programs use every slot of this processor. */
static __always_inline bool scratch_claim(struct __sk_buff *skb)
{
	__u32 key, in_use = 1;

	if (!cfg_preemptible)
		return true;
	for (__u32 slot = 0; slot < SCRATCH_SLOTS; slot++) {
		key = scratch_key(slot);
		if (bpf_map_update_elem(&axo_scratch_use, &key, &in_use, BPF_NOEXIST))
			continue;
		skb->cb[0] = slot;
		return true;
	}
	return false;
}

static __always_inline void scratch_release(const struct __sk_buff *skb)
{
	__u32 key;

	if (!cfg_preemptible)
		return;
	key = scratch_key(skb->cb[0]);
	bpf_map_delete_elem(&axo_scratch_use, &key);
}
