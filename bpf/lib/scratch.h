// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Who uses the processor's working memory (axo_scratch). With PREEMPT_RT, since Linux 6.18 and without PREEMPT_RT_NEEDS_BH_LOCK, a tc
 * program can be preempted by another one on the same processor: what belongs to the processor then belongs to two. See decision 0085.
 */
#pragma once

#include "compiler.h"

/* A row per processor that is in the middle of using its memory. A hash, because only its insertion is a test-and-set on every kernel. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1024);
} axo_scratch_use SEC(".maps");

/* False when another program on this processor is using it. */
static __always_inline bool scratch_claim(void)
{
	__u32 processor = bpf_get_smp_processor_id(), in_use = 1;

	return !bpf_map_update_elem(&axo_scratch_use, &processor, &in_use, BPF_NOEXIST);
}

static __always_inline void scratch_release(void)
{
	__u32 processor = bpf_get_smp_processor_id();

	bpf_map_delete_elem(&axo_scratch_use, &processor);
}
