// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Security identities by address prefix, and the node behind which a prefix lives. Declared for policy and tunnels; nothing reads it yet. */
#pragma once

#include "compiler.h"

struct ipcache_key {
	__u32 prefixlen; /* 0 to 128; an IPv4 prefix counts from bit 96 on */
	__u8 addr[16] ALIGNED(4);
};

struct ipcache_value {
	__u32 identity;
	__u8 tunnel_endpoint[16] ALIGNED(4); /* zero: not behind a tunnel */
	__u16 flags;
	__u8 pad[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct ipcache_key);
	__type(value, struct ipcache_value);
	__uint(max_entries, 512000);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} axo_ipcache SEC(".maps");
