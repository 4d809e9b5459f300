// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* tcx ingress of axo_host: what we hand to the node's stack. Sender and destination were checked where the packet came from. */
#include "lib/ipcache.h"
#include "lib/endpoints.h"
#include "lib/events.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_TO_HOST

SEC("tc")
int axo_to_host(struct __sk_buff *skb)
{
	count_forwarded(DIRECTION_HOST, skb->len);
	return TC_ACT_OK;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
