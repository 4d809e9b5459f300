import { existsSync } from 'node:fs';
import { sys } from '../binding.ts';
import { BpfError, isAddonFailure, SyscallError, Unsupported } from '../errors.ts';
import { Fd } from '../fd.ts';
import { Netns } from '../netns.ts';
import { netlinkTransact, openNetlinkSocket } from '../socket.ts';
import { AttachType, MapType, ProgramType } from './constants.ts';
import { isLittleEndian } from './endian.ts';
import { assemble, call, exit, type Instruction, moveImmediate, pointToStack, storeZero } from './instructions.ts';
import { createMap } from './raw-map.ts';

/**
 * What this kernel can do, found by trying it in a way that changes nothing: a program or map is loaded and dropped, a hook of an
 * interface that cannot exist is asked for its programs, a device is made in a namespace of its own. `inconclusive` says that the attempt failed for another reason
 * (mostly: no privilege); it is not remembered, so that a later attempt may know better.
 */
export type Answer = 'yes' | 'no' | 'inconclusive';

interface Probe {
  /** The first Linux version that has it, for people. */
  readonly since: string;
  /** What it is called in messages. */
  readonly title: string;
  readonly run: () => Answer | Promise<Answer>;
}

/** An index that no device can have: indexes are given from 1 upwards (include/linux/netdevice.h), and no machine has two billion. */
const NO_DEVICE = 0x7fffffff;

/** Answers by the errno of a failed attempt: `no` for the numbers that a kernel without the feature gives. */
function attempt(run: () => Fd | undefined, no: readonly string[], yes: readonly string[] = []): Answer {
  try {
    run()?.close();
    return 'yes';
  } catch (error) {
    return verdict(error, no, yes);
  }
}

function verdict(error: unknown, no: readonly string[], yes: readonly string[]): Answer {
  const known = isAddonFailure(error) ? new SyscallError(error.syscall, error.errno, 'probe') : error;
  if (!(known instanceof SyscallError)) throw known;
  if (yes.includes(known.errnoName)) return 'yes';
  return no.includes(known.errnoName) ? 'no' : 'inconclusive';
}

function loadProgram(type: number, instructions: readonly Instruction[], attachType = 0): Fd {
  return Fd.adopt(sys().bpfProgramLoad(type, assemble(instructions), attachType), 'probe program');
}

const returnZero = [moveImmediate(0, 0), exit()];

/** A helper is there when the verifier accepts a well-formed call of it: an unknown one is EINVAL. */
const helper = (type: number, ...instructions: readonly Instruction[]) =>
  attempt(() => loadProgram(type, [...instructions, moveImmediate(0, 0), exit()]), ['EINVAL']);

/**
 * The kernel looks at the attach type first (EINVAL when it knows none such), then at the device (ENODEV). Asked what is attached there, not to
 * attach: no program has to be loaded, which kernels before 5.11 refuse (EPERM) to who has used up RLIMIT_MEMLOCK.
 */
async function deviceHook(attachType: number): Promise<Answer> {
  try {
    await sys().bpfQuery(undefined, NO_DEVICE, undefined, attachType);
    return 'yes';
  } catch (error) {
    return verdict(error, ['EINVAL', 'EOPNOTSUPP'], ['ENODEV']);
  }
}

const mapOfType = (type: number, keySize: number, valueSize: number, maxEntries: number, flags = 0) =>
  attempt(() => createMap({ type, keySize, valueSize, maxEntries, flags, name: 'probe' }), ['EINVAL']);

/** RTM_NEWLINK (16) with NLM_F_REQUEST | ACK | EXCL | CREATE and IFLA_LINKINFO (18) > IFLA_INFO_KIND (1): linux/rtnetlink.h, if_link.h. */
function newLinkRequest(kind: string): Uint8Array {
  const padded = (kind.length + 1 + 3) & ~3;
  const request = new DataView(new ArrayBuffer(32 + 4 + 4 + padded));
  const [length, start] = [request.byteLength, 40];
  request.setUint32(0, length, isLittleEndian);
  request.setUint16(4, 16, isLittleEndian);
  request.setUint16(6, 0x605, isLittleEndian);
  request.setUint32(8, 1, isLittleEndian);
  request.setUint16(32, 8 + padded, isLittleEndian);
  request.setUint16(34, 18 | 0x8000, isLittleEndian);
  request.setUint16(36, 4 + kind.length + 1, isLittleEndian);
  request.setUint16(38, 1, isLittleEndian);
  new TextEncoder().encodeInto(kind, new Uint8Array(request.buffer, start));
  return new Uint8Array(request.buffer);
}

/** An unknown kind of device is EOPNOTSUPP (net/core/rtnetlink.c); any other refusal is about what we left out. */
async function deviceKind(kind: string): Promise<Answer> {
  try {
    using netns = await Netns.create();
    using socket = await openNetlinkSocket(netns, 0);
    const [answer] = await netlinkTransact(socket, [{ bytes: newLinkRequest(kind), sequence: 1 }]);
    if (answer === undefined) return 'inconclusive';
    // struct nlmsgerr behind the 16 bytes of nlmsghdr: its first word is -errno.
    const errno = -new DataView(answer.buffer, answer.byteOffset).getInt32(16, isLittleEndian);
    if (errno === 1 || errno === 13) return 'inconclusive';
    return errno === 95 ? 'no' : 'yes';
  } catch (error) {
    return verdict(error, [], []);
  }
}

/** struct bpf_fib_lookup has 64 bytes (linux/bpf.h). */
const fibLookup = [...storeZero(64), ...pointToStack(2, 64), moveImmediate(3, 64), moveImmediate(4, 0), call(69)];

const probes = {
  btf: {
    since: '5.4',
    title: 'BTF type information (/sys/kernel/btf/vmlinux)',
    run: () => (existsSync('/sys/kernel/btf/vmlinux') ? 'yes' : 'no'),
  },
  tcx: { since: '6.6', title: 'tcx links', run: () => deviceHook(AttachType.tcxIngress) },
  netkit: { since: '6.7', title: 'netkit devices (CONFIG_NETKIT)', run: () => deviceHook(AttachType.netkitPrimary) },
  redirectPeer: {
    since: '5.10',
    title: 'bpf_redirect_peer',
    run: () => helper(ProgramType.schedCls, moveImmediate(1, 1), moveImmediate(2, 0), call(155)),
  },
  redirectNeigh: {
    since: '5.10',
    title: 'bpf_redirect_neigh',
    run: () => helper(ProgramType.schedCls, moveImmediate(1, 1), moveImmediate(2, 0), moveImmediate(3, 0), moveImmediate(4, 0), call(152)),
  },
  fibLookup: { since: '4.18', title: 'bpf_fib_lookup', run: () => helper(ProgramType.schedCls, ...fibLookup) },
  cgroupSocket: {
    since: '4.17',
    title: 'socket programs on cgroups',
    run: () =>
      attempt(() => loadProgram(ProgramType.cgroupSockAddr, [moveImmediate(0, 1), exit()], AttachType.cgroupInet4Connect), ['EINVAL']),
  },
  xdp: { since: '4.8', title: 'XDP', run: () => attempt(() => loadProgram(ProgramType.xdp, returnZero), ['EINVAL']) },
  ringBuffer: { since: '5.8', title: 'BPF ring buffers', run: () => mapOfType(MapType.ringBuffer, 0, 0, 65536) },
  lpmTrie: { since: '4.11', title: 'longest-prefix maps', run: () => mapOfType(MapType.lpmTrie, 8, 4, 1, 1) },
  lruHash: { since: '4.10', title: 'LRU hash maps', run: () => mapOfType(MapType.lruHash, 4, 4, 1) },
  veth: { since: '2.6.24', title: 'veth devices', run: () => deviceKind('veth') },
  vxlan: { since: '3.7', title: 'vxlan devices', run: () => deviceKind('vxlan') },
  geneve: { since: '3.18', title: 'geneve devices', run: () => deviceKind('geneve') },
  wireguard: { since: '5.6', title: 'wireguard devices', run: () => deviceKind('wireguard') },
  vrf: { since: '4.3', title: 'vrf devices', run: () => deviceKind('vrf') },
} as const satisfies Record<string, Probe>;

export type Feature = keyof typeof probes;

/** Every feature that can be asked for. */
export const features = Object.keys(probes) as readonly Feature[];

const remembered = new Map<Feature, Answer>();

/** Asks the kernel, once: `yes` and `no` are remembered for the life of the process. Needs the privileges of what it tries. */
export async function probe(feature: Feature): Promise<Answer> {
  const known = remembered.get(feature);
  if (known !== undefined) return known;
  const answer = await probes[feature].run();
  if (answer !== 'inconclusive') remembered.set(feature, answer);
  return answer;
}

/** The error for an operation that failed for want of `feature`. */
export function unsupported(operation: string, feature: Feature, cause?: unknown): Unsupported {
  return new Unsupported(operation, probes[feature].title, probes[feature].since, { cause });
}

/** Throws Unsupported when the kernel certainly lacks the feature, BpfError when that cannot be told. */
export async function demand(feature: Feature, operation: string): Promise<void> {
  const answer = await probe(feature);
  if (answer === 'no') throw unsupported(operation, feature);
  if (answer === 'inconclusive') throw new BpfError(`${operation}: cannot tell whether the kernel has ${probes[feature].title}`);
}
