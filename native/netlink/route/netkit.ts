/** netkit (kernel 6.7, CONFIG_NETKIT): a pair of devices made for BPF; the program runs inside the device. */
import type { AttrWriter } from '../attr.ts';
import {
  IFLA_NETKIT_HEADROOM,
  IFLA_NETKIT_MODE,
  IFLA_NETKIT_PEER_INFO,
  IFLA_NETKIT_PEER_POLICY,
  IFLA_NETKIT_PEER_SCRUB,
  IFLA_NETKIT_POLICY,
  IFLA_NETKIT_PRIMARY,
  IFLA_NETKIT_SCRUB,
  IFLA_NETKIT_TAILROOM,
} from '../constants.ts';
import type { Attr } from '../reader.ts';
import { numberOf, type WordOf, wordOf } from '../words.ts';
import { type PeerSpec, writePeer } from './peer.ts';

/** include/uapi/linux/if_link.h, enum netkit_mode. `l3` devices have no MAC address and no ARP. */
export const netkitModes = { l2: 0, l3: 1 } as const;
/** include/uapi/linux/if_link.h, enum netkit_action: what happens to a packet when no program is attached. */
export const netkitPolicies = { forward: 0, blackhole: 2 } as const;
/** include/uapi/linux/if_link.h, enum netkit_scrub: whether mark and priority are cleared on the way (kernel 6.13). */
export const netkitScrubs = { none: 0, default: 1 } as const;

/** A netkit pair. The link itself is the primary end; the peer goes into the pod. */
export interface NetkitSpec {
  readonly kind: 'netkit';
  readonly peer: PeerSpec;
  readonly mode?: WordOf<typeof netkitModes>;
  readonly policy?: WordOf<typeof netkitPolicies>;
  readonly peerPolicy?: WordOf<typeof netkitPolicies>;
  readonly scrub?: WordOf<typeof netkitScrubs>;
  readonly peerScrub?: WordOf<typeof netkitScrubs>;
  /** Bytes reserved before a packet, 16 bits (kernel 6.14). */
  readonly headroom?: number;
  /** Bytes reserved behind a packet, 16 bits (kernel 6.14). */
  readonly tailroom?: number;
}

/** What may be changed of a netkit pair, through its primary end. */
export type NetkitPolicies = Pick<NetkitSpec, 'policy' | 'peerPolicy'>;

/** What the kernel tells of a netkit device. */
export interface NetkitInfo {
  readonly kind: 'netkit';
  readonly primary?: boolean;
  readonly mode?: WordOf<typeof netkitModes>;
  readonly policy?: WordOf<typeof netkitPolicies>;
  readonly peerPolicy?: WordOf<typeof netkitPolicies>;
  readonly scrub?: WordOf<typeof netkitScrubs>;
  readonly peerScrub?: WordOf<typeof netkitScrubs>;
  readonly headroom?: number;
  readonly tailroom?: number;
}

/** IFLA_INFO_DATA of a netkit pair. */
export function writeNetkit(data: AttrWriter, spec: NetkitSpec): void {
  if (spec.mode !== undefined) data.u32(IFLA_NETKIT_MODE, numberOf(netkitModes, spec.mode));
  writeNetkitPolicies(data, spec);
  if (spec.scrub !== undefined) data.u32(IFLA_NETKIT_SCRUB, numberOf(netkitScrubs, spec.scrub));
  if (spec.peerScrub !== undefined) data.u32(IFLA_NETKIT_PEER_SCRUB, numberOf(netkitScrubs, spec.peerScrub));
  if (spec.headroom !== undefined) data.u16(IFLA_NETKIT_HEADROOM, spec.headroom);
  if (spec.tailroom !== undefined) data.u16(IFLA_NETKIT_TAILROOM, spec.tailroom);
  writePeer(data, IFLA_NETKIT_PEER_INFO, spec.peer);
}

/** IFLA_INFO_DATA of a change of a netkit pair. */
export function writeNetkitPolicies(data: AttrWriter, { policy, peerPolicy }: NetkitPolicies): void {
  if (policy !== undefined) data.u32(IFLA_NETKIT_POLICY, numberOf(netkitPolicies, policy));
  if (peerPolicy !== undefined) data.u32(IFLA_NETKIT_PEER_POLICY, numberOf(netkitPolicies, peerPolicy));
}

/** Reads IFLA_INFO_DATA of a netkit device. */
export function readNetkit(data: Iterable<Attr>): NetkitInfo {
  const info: { -readonly [K in keyof NetkitInfo]: NetkitInfo[K] } = { kind: 'netkit' };
  for (const attr of data) {
    if (attr.type === IFLA_NETKIT_PRIMARY) info.primary = attr.u8() !== 0;
    else if (attr.type === IFLA_NETKIT_MODE) info.mode = wordOf(netkitModes, attr.u32());
    else if (attr.type === IFLA_NETKIT_POLICY) info.policy = wordOf(netkitPolicies, attr.u32());
    else if (attr.type === IFLA_NETKIT_PEER_POLICY) info.peerPolicy = wordOf(netkitPolicies, attr.u32());
    else if (attr.type === IFLA_NETKIT_SCRUB) info.scrub = wordOf(netkitScrubs, attr.u32());
    else if (attr.type === IFLA_NETKIT_PEER_SCRUB) info.peerScrub = wordOf(netkitScrubs, attr.u32());
    else if (attr.type === IFLA_NETKIT_HEADROOM) info.headroom = attr.u16();
    else if (attr.type === IFLA_NETKIT_TAILROOM) info.tailroom = attr.u16();
  }
  return info;
}
