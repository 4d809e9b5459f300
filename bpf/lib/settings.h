// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Settings of the node. Those that hold for a program's whole life are constants, set before the load, which the verifier folds;
 * those that change while it runs are in axo_settings.
 */
#pragma once

#include "compiler.h"

/* What trace events say, as Cilium's monitor aggregation does. Drops are reported at every level. */
enum monitor_aggregation {
	AGGREGATION_NONE = 0,	 /* every packet at every trace point */
	AGGREGATION_LOW = 1,	 /* every packet where it leaves us, none where it enters */
	AGGREGATION_MEDIUM = 2,	 /* of TCP only SYN, FIN and RST */
	AGGREGATION_MAXIMUM = 3, /* as medium, until connections are tracked */
};

ANCHOR(enum monitor_aggregation, monitor_aggregation);

const volatile __u32 cfg_host_ifindex = 0;			   /* ifindex of axo_host */
const volatile __u8 cfg_host_mac[6] ALIGNED(8) = {};		   /* MAC of axo_host */
const volatile __u32 cfg_net_ifindex = 0;			   /* ifindex of axo_net, the other end of axo_host */
const volatile __u8 cfg_router4[16] ALIGNED(8) = {};		   /* the pods' IPv4 gateway, v4-mapped; zero without IPv4 */
const volatile __u8 cfg_router6[16] ALIGNED(8) = {};		   /* the pods' IPv6 gateway; zero without IPv6 */
const volatile __u32 cfg_monitor_aggregation = AGGREGATION_MEDIUM; /* enum monitor_aggregation */
const volatile __u32 cfg_preemptible = 0; /* non-zero where a program can be preempted by another one on its processor: PREEMPT_RT */

struct settings_value {
	__u32 trace; /* non-zero while somebody listens to trace events */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct settings_value);
	__uint(max_entries, 1);
} axo_settings SEC(".maps");

static __always_inline bool tracing(void)
{
	__u32 zero = 0;
	struct settings_value *settings = bpf_map_lookup_elem(&axo_settings, &zero);

	return settings && settings->trace;
}
