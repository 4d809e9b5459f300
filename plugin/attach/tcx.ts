import { AttachType } from '../../native/bpf/constants.ts';
import { LinkMethod } from './link.ts';

/** tcx links (Linux 6.6): each attach waits for an RCU grace period, a swap for none. They run before the filters of clsact. */
export const tcx = new LinkMethod({
  kind: 'tcx',
  types: { ingress: AttachType.tcxIngress, egress: AttachType.tcxEgress },
  deviceOf: (_netlink, _target, _hook, link) => link.ifindex ?? 0,
});
