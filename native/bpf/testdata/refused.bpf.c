// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The second program reads past the packet without a check: the verifier must refuse it by name. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int good_program(struct __sk_buff *skb)
{
	return skb->len > 1500 ? 2 : 0;
}

SEC("tc")
int reads_past_end(struct __sk_buff *skb)
{
	__u8 *data = (__u8 *)(long)skb->data;

	return data[100];
}

char _license[] SEC("license") = "Dual BSD/GPL";
