// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* What the monitor hears: drops always, traces while somebody listens. One record format for both. */
#pragma once

#include "metrics.h"
#include "packet.h"
#include "rate.h"
#include "settings.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_EVENTS

#define CAPTURE_LENGTH 128

/* Counts up when a field changes its place or its meaning. */
enum event_version {
	EVENT_VERSION_CURRENT = 2,
};

ANCHOR(enum event_version, event_version);

enum event_type {
	EVENT_DROP = 1,
	EVENT_TRACE = 2,
};

ANCHOR(enum event_type, event_type);

/* Where a trace was taken; the names are those of Cilium's trace points. */
enum trace_point {
	TRACE_NONE = 0,
	TRACE_TO_ENDPOINT = 1,
	TRACE_TO_HOST = 2,
	TRACE_TO_STACK = 3,
	TRACE_TO_NETWORK = 4,
	TRACE_FROM_ENDPOINT = 5,
	TRACE_FROM_HOST = 6,
	TRACE_FROM_STACK = 7,
	TRACE_FROM_NETWORK = 8,
};

ANCHOR(enum trace_point, trace_point);

/* A record of axo_events; it ends with the last captured byte. */
struct packet_event {
	/* The header: the same for every type and version, so that a reader can skip what it does not know. */
	__u8 version; /* enum event_version */
	__u8 type;    /* enum event_type */
	__u16 size;   /* of the record, in bytes */
	__u16 cpu;
	__u16 reason; /* enum drop_reason; 0 in a trace */
	__u64 time;   /* nanoseconds of CLOCK_MONOTONIC */
	/* A packet. */
	__u8 point;	      /* enum trace_point; 0 in a drop */
	__u8 file;	      /* enum source_file */
	__u16 line;	      /* line of that file */
	__u8 direction;	      /* enum direction */
	__u8 family;	      /* AF_INET, AF_INET6, or 0 when not parsed as IP */
	__u16 capture_length; /* bytes of capture that are valid */
	__u32 ifindex;	      /* device at which the program ran */
	__u32 length;	      /* of the frame, in bytes */
	__u32 source_identity;
	__u32 destination_identity;
	__u32 source_id; /* endpoint ids; 0 when not an endpoint of this node */
	__u32 destination_id;
	__u8 capture[CAPTURE_LENGTH]; /* the frame from its Ethernet header on; the record has capture_length bytes of it */
};

ANCHOR(struct packet_event, packet_event);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} axo_events SEC(".maps");

/* Events per second of one device and direction, and at once. */
#define DROP_EVENTS_PER_SECOND	100
#define DROP_EVENTS_AT_ONCE	200
#define TRACE_EVENTS_PER_SECOND 1000
#define TRACE_EVENTS_AT_ONCE	2000

static __always_inline bool event_is_allowed(struct __sk_buff *skb, const struct packet *packet, __u32 type)
{
	if (type == EVENT_DROP)
		return rate_allows(skb->ifindex, RATE_DROP_EVENT, packet->direction, SECOND_NS / DROP_EVENTS_PER_SECOND,
				   DROP_EVENTS_AT_ONCE);
	return rate_allows(skb->ifindex, RATE_TRACE_EVENT, packet->direction, SECOND_NS / TRACE_EVENTS_PER_SECOND, TRACE_EVENTS_AT_ONCE);
}

/* what: enum event_type << 16 | reason << 8 | point. Non-zero when the event was sent. */
STEP int event_send(struct __sk_buff *skb, __u32 what, __u32 file_line)
{
	struct packet *packet = packet_of(skb);
	struct packet_event *event = scratch_memory(skb);
	__u32 length = skb->len;

	if (!packet || !event)
		return 0;
	if (!event_is_allowed(skb, packet, what >> 16)) {
		metrics_count(DROP_EVENT_LIMITED, packet->direction, THIS_FILE, length);
		return 0;
	}
	event->version = EVENT_VERSION_CURRENT;
	event->type = what >> 16;
	event->cpu = bpf_get_smp_processor_id();
	event->reason = (what >> 8) & 0xff;
	event->time = bpf_ktime_get_ns();
	event->point = what;
	event->file = file_line >> 16;
	event->line = file_line;
	event->direction = packet->direction;
	event->family = packet->family;
	event->ifindex = skb->ifindex;
	event->source_identity = packet->source_identity;
	event->destination_identity = packet->destination_identity;
	event->source_id = packet->source_id;
	event->destination_id = packet->destination_id;
	event->length = length;
	if (length > CAPTURE_LENGTH)
		length = CAPTURE_LENGTH;
	/* Always 1 to CAPTURE_LENGTH, also for verifiers before 6.2 that learn nothing from a comparison with zero. */
	length = ((length - 1) & (CAPTURE_LENGTH - 1)) + 1;
	if (bpf_skb_load_bytes(skb, 0, event->capture, length))
		length = 0;
	event->capture_length = length;
	event->size = offsetof(struct packet_event, capture) + length;
	if (likely(!bpf_ringbuf_output(&axo_events, event, offsetof(struct packet_event, capture) + length, 0)))
		return 1;
	metrics_count(DROP_EVENT_LOST, packet->direction, THIS_FILE, event->length);
	return 0;
}

#define TCP_FIN_SYN_RST 0x07

/* True when the aggregation level wants to hear of this packet. */
static __always_inline bool trace_wanted(const struct packet *packet)
{
	if (cfg_monitor_aggregation < AGGREGATION_MEDIUM)
		return true;
	if (packet->tuple.protocol != IPPROTO_TCP || packet->flags & PACKET_LATER_FRAGMENT)
		return true;
	return packet->tcp_flags & TCP_FIN_SYN_RST;
}

/* Non-zero when the trace was sent. */
STEP int trace_send(struct __sk_buff *skb, __u32 point, __u32 file_line)
{
	const struct packet *packet = packet_of(skb);

	return packet && trace_wanted(packet) && event_send(skb, EVENT_TRACE << 16 | point, file_line);
}

/* A packet leaves us towards `point`. */
#define trace_to(skb, point)                                                                                                               \
	do {                                                                                                                               \
		if (unlikely(tracing()))                                                                                                   \
			trace_send(skb, point, (__u32)THIS_FILE << 16 | __LINE__);                                                         \
	} while (0)

/* A packet reaches us; heard of only without aggregation. */
#define trace_from(skb, point)                                                                                                             \
	do {                                                                                                                               \
		if (cfg_monitor_aggregation == AGGREGATION_NONE)                                                                           \
			trace_to(skb, point);                                                                                              \
	} while (0)
