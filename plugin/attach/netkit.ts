import { AttachType } from '../../native/bpf/constants.ts';
import { setLink } from '../../native/netlink/route/link.ts';
import type { Link } from '../../native/netlink/route/link-info.ts';
import type { Rtnetlink } from '../../native/netlink/rtnetlink.ts';
import { LinkMethod } from './link.ts';
import type { Attached, AttachTarget, Held, Hook, NamedProgram, Outcome } from './method.ts';

/**
 * The default policies of a whole pair: what the pod sends goes nowhere without a program, what is sent to the pod needs none here. All that
 * the datapath sends there has met the program of the device by which it came; a second one would run for each packet from pod to pod
 * (docs/decisions/0064-programs-of-a-netkit-pair.md).
 */
const WHOLE = { policy: 'forward', peerPolicy: 'blackhole' } as const;

/**
 * A netkit pair (Linux 6.7). The ingress hook is a link at the peer: its program runs inside the pod's namespace, where the pod sends. The
 * egress hook is the primary's default policy: `blackhole` from birth until the ingress hook has its program, then `forward`.
 *
 * A peer's link is made at the primary; it then names the peer's index, which is another namespace's (netkit_dev_fetch and
 * bpf_netkit_link_fill_info, drivers/net/netkit.c).
 */
class NetkitMethod extends LinkMethod {
  readonly inTurn = true;

  constructor() {
    super({
      kind: 'netkit',
      types: { ingress: AttachType.netkitPeer, egress: AttachType.netkitPrimary },
      deviceOf: async (netlink, target, _hook, { ifindex = 0 }) => {
        const primary = await netlink.links.find(target.ifindex);
        return primary?.linkIfindex === ifindex ? target.ifindex : ifindex;
      },
    });
  }

  override async attach(netlink: Rtnetlink, target: AttachTarget, hook: Hook, program: NamedProgram): Promise<Held> {
    if (hook === 'ingress') return await super.attach(netlink, target, hook, program);
    await netlink.batch([setLink(target.ifindex, { netkit: WHOLE })]);
    return { keep: () => undefined, [Symbol.dispose]: () => undefined };
  }

  override async inspect(netlink: Rtnetlink, target: AttachTarget, hook: Hook): Promise<Attached | undefined> {
    if (hook === 'ingress') return await super.inspect(netlink, target, hook);
    const { ifindex } = target;
    if (ifindex === 0) return undefined;
    return isWhole(await netlink.links.find(ifindex)) ? { kind: 'netkit', ifindex, programId: undefined } : undefined;
  }

  override async ensure(netlink: Rtnetlink, target: AttachTarget, hook: Hook, program: NamedProgram): Promise<Outcome> {
    if (hook === 'ingress') return await super.ensure(netlink, target, hook, program);
    if ((await this.inspect(netlink, target, hook)) !== undefined) return 'kept';
    await this.attach(netlink, target, hook, program);
    return 'created';
  }
}

export const netkit = new NetkitMethod();

function isWhole(link: Link | undefined): boolean {
  const info = link?.info;
  return info?.kind === 'netkit' && info.policy === WHOLE.policy && info.peerPolicy === WHOLE.peerPolicy;
}
