import { sys } from '../binding.ts';
import { awaiting, explain, hasErrno } from '../errors.ts';
import { Fd } from '../fd.ts';
import type { Netns } from '../netns.ts';
import { AttachType, LinkFlags } from './constants.ts';
import { type Feature, probe, unsupported } from './features.ts';

/** Where a link goes: a device (tcx, netkit, XDP) or a cgroup. */
export type LinkTarget =
  | {
      readonly ifindex: number;
      /** Namespace of the device, the process's own by default. */
      readonly netns?: Netns;
    }
  | { readonly cgroup: Fd };

export type LinkOptions = LinkTarget & {
  readonly program: Fd;
  readonly attachType: AttachType;
  /** tcx and netkit: run before the programs that are attached already, not after them. */
  readonly first?: boolean;
  /** XDP: `generic` works on every device, `native` needs the driver; default: native where possible. */
  readonly xdpMode?: 'generic' | 'native';
};

function describe(options: LinkOptions): string {
  const type = Object.entries(AttachType).find(([, value]) => value === options.attachType)?.[0] ?? `type ${options.attachType}`;
  const target = 'cgroup' in options ? options.cgroup.what : `interface ${options.ifindex}`;
  return `attach ${options.program.what} to ${target} (${type})`;
}

function flagsOf({ first, xdpMode }: LinkOptions): number {
  if (xdpMode !== undefined) return xdpMode === 'generic' ? LinkFlags.xdpGeneric : LinkFlags.xdpNative;
  return first === true ? LinkFlags.before : 0;
}

/**
 * Attaches a program and answers with the link: the program stays attached until every descriptor and pin of the link is gone, or the
 * device is. Asynchronous because the kernel waits for an RCU grace period under the RTNL lock (around 14 ms). Throws SyscallError:
 * ENODEV for an unknown interface, EEXIST when the program is attached there already, EBUSY when XDP is taken;
 * Unsupported when the kernel has no tcx or netkit.
 */
export async function createLink(options: LinkOptions): Promise<Fd> {
  const netns = 'ifindex' in options ? options.netns : undefined;
  const [ifindex, cgroup] = 'cgroup' in options ? [0, options.cgroup] : [options.ifindex];
  try {
    const fd = await sys().bpfLinkCreate(netns?.use(), options.program.use(), ifindex, cgroup?.use(), options.attachType, flagsOf(options));
    return Fd.adopt(fd, `link of ${options.program.what}`);
  } catch (error) {
    throw await explainLink(error, options);
  }
}

/** The features that an attach type needs. */
const needs: Readonly<Record<number, Feature>> = {
  [AttachType.tcxIngress]: 'tcx',
  [AttachType.tcxEgress]: 'tcx',
  [AttachType.netkitPrimary]: 'netkit',
  [AttachType.netkitPeer]: 'netkit',
};

/** A kernel that does not know the attach type says EINVAL, like for a dozen other mistakes: only then is it asked what it can do. */
async function explainLink(error: unknown, options: LinkOptions): Promise<unknown> {
  const known = explain(error, describe(options));
  const feature = needs[options.attachType];
  if (feature === undefined || !(hasErrno(known, 'EINVAL') || hasErrno(known, 'EOPNOTSUPP'))) return known;
  return (await probe(feature)) === 'no' ? unsupported(describe(options), feature, known) : known;
}

/** Swaps the program of a live link without a gap. Throws SyscallError: ENOLINK when the link was detached or its device is gone. */
export async function updateLink(link: Fd, program: Fd): Promise<void> {
  await awaiting(`update ${link.what} to ${program.what}`, () => sys().bpfLinkUpdate(link.use(), program.use()));
}

/** Detaches the program although pins and descriptors of the link remain; the link is defunct from then on. Throws SyscallError. */
export async function detachLink(link: Fd): Promise<void> {
  await awaiting(`detach ${link.what}`, () => sys().bpfLinkDetach(link.use()));
}
