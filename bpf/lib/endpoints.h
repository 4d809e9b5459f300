// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Endpoints by address and by device: who a packet is for, and who sent it. The daemon writes both maps. */
#pragma once

#include "compiler.h"

enum endpoint_flag {
	ENDPOINT_HOST = 1,    /* an address of the node itself (router address included): deliver to its stack */
	ENDPOINT_STACK = 2,   /* packets for it go through the node's stack, so that netfilter tracks both directions */
	ENDPOINT_CHAINED = 4, /* of another plugin; with ENDPOINT_STACK */
};

ANCHOR(enum endpoint_flag, endpoint_flag);

enum device_flag {
	DEVICE_STACK = 1,   /* what comes from it goes through the node's stack */
	DEVICE_CHAINED = 2, /* another plugin's device: what has been checked goes the way that it would have gone without us */
};

ANCHOR(enum device_flag, device_flag);

/* Reserved numeric identities, as Cilium numbers them. HOST is the node, WORLD everything that no other prefix names. */
enum reserved_identity {
	IDENTITY_UNKNOWN = 0,
	IDENTITY_HOST = 1,
	IDENTITY_WORLD = 2,
	IDENTITY_INIT = 5, /* of an endpoint whose own labels are not known yet */
};

ANCHOR(enum reserved_identity, reserved_identity);

struct endpoint_key {
	__u8 addr[16] ALIGNED(8);
};

struct endpoint_value {
	__u32 ifindex;
	__u32 identity;
	__u16 id;
	__u16 flags;
	__u32 mtu;
	__u8 mac[6] ALIGNED(4); /* of the container's side; zero where a netkit of layer 3 has none */
	__u8 node_mac[6];	/* of the host's side: together an Ethernet header's first 12 bytes */
	__u32 policy_revision;	/* of its policy: a connection judged by another one is judged again */
	__u8 pad[8];		/* room: a longer row is another layout, for which the map is made anew */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct endpoint_key);
	__type(value, struct endpoint_value);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} axo_endpoints SEC(".maps");

struct device_key {
	__u32 ifindex;
};

struct device_value {
	__u32 identity;
	__u16 id;
	__u16 flags;
	__u8 ipv4[16] ALIGNED(8); /* v4-mapped; zero without IPv4 */
	__u8 ipv6[16];		  /* zero without IPv6 */
	__u8 mac[6] ALIGNED(4);	  /* of the container's side */
	__u8 node_mac[6];	  /* of this device: the pod's next hop */
	__u32 mtu;
	__u32 policy_revision; /* as in struct endpoint_value */
	__u8 pad[12];	       /* room, as in struct endpoint_value */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct device_key);
	__type(value, struct device_value);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} axo_devices SEC(".maps");

static __always_inline struct endpoint_value *endpoint_lookup(const void *address)
{
	return bpf_map_lookup_elem(&axo_endpoints, address);
}

static __always_inline struct device_value *device_lookup(__u32 ifindex)
{
	struct device_key key = {.ifindex = ifindex};

	return bpf_map_lookup_elem(&axo_devices, &key);
}
