// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * tcx egress of a native device, with or without link layer headers: everything that leaves the node. It decides nothing yet; masquerading and
 * the replies of node ports belong here. Other programs of the hook still run.
 */
#include "lib/ipcache.h"
#include "lib/endpoints.h"
#include "lib/events.h"

#undef THIS_FILE
#define THIS_FILE SOURCE_TO_NETDEV

SEC("tc")
int axo_to_netdev(struct __sk_buff *skb)
{
	count_forwarded(DIRECTION_HOST, skb->len);
	return TC_ACT_UNSPEC;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
