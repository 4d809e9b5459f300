import { existsSync, readFileSync } from 'node:fs';
import { HarnessError } from '../errors.ts';

/** What a lab wants to know of the process and machine before it makes anything. */
export interface Circumstances {
  readonly uid: number;
  /** user ids are those of the machine (user_namespaces(7)): bpffs and cgroup2 can be mounted only there */
  readonly isRealRoot: boolean;
  /** effective capabilities, one bit each (capabilities(7); `CapEff` of proc_pid_status(5)) */
  readonly capabilities: bigint;
  readonly hasNetworkNamespaces: boolean;
  /** how many the machine's administrator allows (namespaces(7)) */
  readonly maxNetworkNamespaces: number;
}

/** Bits of linux/capability.h. */
const NEEDED = [
  ['CAP_SYS_ADMIN', 21n],
  ['CAP_NET_ADMIN', 12n],
] as const;

/** Throws NOT_ROOT or NO_NAMESPACES, in one sentence, where no lab can be built. Makes nothing. */
export function mustBeAbleToBuild(circumstances: Circumstances = here()): void {
  const { uid, isRealRoot, capabilities, hasNetworkNamespaces, maxNetworkNamespaces } = circumstances;
  if (uid !== 0) throw new HarnessError('NOT_ROOT', 'build a lab: it needs root, for namespaces and mounts');
  if (!isRealRoot) throw refusal('this root is that of a user namespace (a rootless container?), which may not mount what a machine needs');
  if (!hasNetworkNamespaces) throw refusal('this kernel has no network namespaces (CONFIG_NET_NS)');
  if (maxNetworkNamespaces === 0) throw refusal('no network namespaces are allowed here (user.max_net_namespaces is 0)');
  const lacking = NEEDED.filter(([, bit]) => ((capabilities >> bit) & 1n) === 0n).map(([name]) => name);
  if (lacking.length > 0) throw refusal(`root lacks ${lacking.join(' and ')} here (a container needs --privileged)`);
}

function refusal(why: string): HarnessError {
  return new HarnessError('NO_NAMESPACES', `build a lab: ${why}`);
}

function here(): Circumstances {
  const [, capabilities = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const limit = '/proc/sys/user/max_net_namespaces';
  return {
    uid: process.getuid?.() ?? -1,
    isRealRoot: /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8')),
    capabilities: BigInt(`0x${capabilities}`),
    hasNetworkNamespaces: existsSync('/proc/self/ns/net'),
    maxNetworkNamespaces: existsSync(limit) ? Number(readFileSync(limit, 'utf8')) : Number.POSITIVE_INFINITY,
  };
}
