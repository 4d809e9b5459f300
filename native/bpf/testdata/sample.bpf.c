// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A little of everything for the tests of native/bpf. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct pair_key {
	__u32 low;
	__u8 tag;
	__u8 pad[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct pair_key);
	__type(value, __u64);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} events SEC(".maps");

const volatile __u32 cfg_verdict = 0;
const volatile __u8 cfg_mac[6] = {};
const volatile __u64 cfg_big = 0;

SEC("tc")
int count_packet(struct __sk_buff *skb)
{
	__u32 zero = 0;
	__u64 *hit = bpf_map_lookup_elem(&hits, &zero);
	__u64 *record;

	if (hit)
		*hit += 1;
	record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (record) {
		*record = ((__u64)cfg_mac[5] << 32) | skb->len;
		bpf_ringbuf_submit(record, 0);
	}
	skb->mark = (__u32)cfg_big;
	return cfg_verdict;
}

SEC("tc")
int pass_packet(struct __sk_buff *skb)
{
	struct pair_key key = {.low = skb->len};

	return bpf_map_lookup_elem(&pairs, &key) ? 0 : -1;
}

SEC("xdp")
int pass_xdp(struct xdp_md *context)
{
	return context->ingress_ifindex == 4096 ? XDP_DROP : XDP_PASS;
}

SEC("cgroup/connect4")
int allow_connect(struct bpf_sock_addr *context)
{
	return context->user_port != 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
