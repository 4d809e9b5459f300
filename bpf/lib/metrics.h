// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Packets and bytes by reason, direction and the file that decided, per CPU. Reason 0 counts what was forwarded. All three are numbers that
 * never change, so rows keep their meaning from version to version; a drop's line is in its event.
 */
#pragma once

#include "drop.h"

enum direction {
	DIRECTION_INGRESS = 1, /* into an endpoint */
	DIRECTION_EGRESS = 2,  /* out of an endpoint */
	DIRECTION_HOST = 3,    /* between the node's stack and us */
};

ANCHOR(enum direction, direction);

struct metrics_key {
	__u8 reason;	/* enum drop_reason */
	__u8 direction; /* enum direction */
	__u8 file;	/* enum source_file */
	__u8 pad;
};

struct metrics_value {
	__u64 packets;
	__u64 bytes; /* of the frames, Ethernet header included */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__type(key, struct metrics_key);
	__type(value, struct metrics_value);
	__uint(max_entries, 1024);
} axo_metrics SEC(".maps");

/* A row for the first packet. `key`: a struct metrics_key. */
STEP int metrics_create(__u32 key, __u64 bytes)
{
	struct metrics_value first = {.packets = 1, .bytes = bytes};

	return bpf_map_update_elem(&axo_metrics, &key, &first, BPF_NOEXIST);
}

static __always_inline void metrics_count(__u8 reason, __u8 direction, __u8 file, __u64 bytes)
{
	struct metrics_key key = {.reason = reason, .direction = direction, .file = file};
	struct metrics_value *value = bpf_map_lookup_elem(&axo_metrics, &key);

	if (unlikely(!value)) {
		metrics_create(*(any_u32 *)&key, bytes);
		return;
	}
	value->packets += 1;
	value->bytes += bytes;
}

/* Counts a packet that goes on, under the file of the call. */
#define count_forwarded(direction, bytes) metrics_count(DROP_FORWARDED, direction, THIS_FILE, bytes)
