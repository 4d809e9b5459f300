import { AttachType } from '../../native/bpf/constants.ts';
import { LinkMethod } from './link.ts';

/**
 * Links of a netkit pair (Linux 6.7). Both programs run where a packet is sent: the primary's on what goes to the pod, the peer's, inside the
 * pod's namespace, on what the pod sends. Both links are made at the primary; that of the peer then names the peer's index, which is
 * another namespace's (netkit_dev_fetch and bpf_netkit_link_fill_info, drivers/net/netkit.c).
 */
export const netkit = new LinkMethod({
  kind: 'netkit',
  types: { ingress: AttachType.netkitPeer, egress: AttachType.netkitPrimary },
  deviceOf: async (netlink, target, hook, { ifindex = 0 }) => {
    if (hook === 'egress') return ifindex;
    const primary = await netlink.links.find(target.ifindex);
    return primary?.linkIfindex === ifindex ? target.ifindex : ifindex;
  },
});
