// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * How often the datapath speaks about the packets of one source: events for the monitor, ICMP errors. Every source has budgets of its own, so
 * that a source that floods silences nobody else.
 */
#pragma once

#include "compiler.h"

/* What is limited, each with a budget of its own. */
enum rate_kind {
	RATE_DROP_EVENT = 1,
	RATE_TRACE_EVENT = 2,
	RATE_ICMP_TOO_BIG = 3, /* apart from the other errors: without them path MTU discovery fails */
	RATE_ICMP_OTHER = 4,
};

ANCHOR(enum rate_kind, rate_kind);

/* A source. Part of an event: the direction. Of an ICMP error: a number of RATE_PART_BITS made of the packet's source address. */
struct rate_key {
	__u32 ifindex; /* device at which the program ran */
	__u8 kind;     /* enum rate_kind */
	__u8 part;
	__u16 pad;
};

struct rate_value {
	__u64 due; /* nanoseconds of CLOCK_MONOTONIC: when the budget is whole again */
};

/* Least recently used sources are forgotten: their budget has become whole meanwhile. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct rate_key);
	__type(value, struct rate_value);
	__uint(max_entries, 8192);
} axo_rates SEC(".maps");

#define SECOND_NS 1000000000ULL

/* The addresses behind one device share 64 budgets of ICMP errors, which bounds what spoofed sources can cause. */
#define RATE_PART_BITS 6

/* Multiplicative hashing (Knuth, TAOCP 6.4); the upper bits are the good ones. */
static __always_inline __u8 rate_part_of(const void *address)
{
	const any_u32 *words = address;

	return ((words[0] ^ words[1] ^ words[2] ^ words[3]) * 2654435769U) >> (32 - RATE_PART_BITS);
}

/*
 * Non-zero when the source may speak once more; it may do so once per `interval` and `burst` times at once. Processors that ask at the same
 * instant may get one answer each (there is no lock): a few too many, never too few.
 */
STEP int rate_allows(__u32 ifindex, __u8 kind, __u8 part, __u64 interval, __u64 burst)
{
	struct rate_key key = {.ifindex = ifindex, .kind = kind, .part = part};
	struct rate_value *known = bpf_map_lookup_elem(&axo_rates, &key);
	__u64 now = bpf_ktime_get_ns();
	struct rate_value first = {.due = now + interval};
	__u64 due;

	if (unlikely(!known))
		return !bpf_map_update_elem(&axo_rates, &key, &first, BPF_ANY);
	due = known->due;
	if (due < now)
		due = now;
	if (due + interval > now + burst * interval)
		return 0;
	known->due = due + interval;
	return 1;
}
