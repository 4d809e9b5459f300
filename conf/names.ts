import type { AttachmentKey } from './api/types.ts';

/** The node's own leg: it carries the router address and the route to the pods. */
export const HOST_IFNAME = 'axo_host';

/** The peer of `axo_host`; nothing but the datapath uses it. */
export const NET_IFNAME = 'axo_net';

/** What every host side of a pod's pair begins with. */
export const POD_IFNAME_PREFIX = 'lxc';

/** What both sides of a buried pod's pair begin with. */
const BURIED_IFNAME_PREFIX = 'axd';

/** The device group (IFLA_GROUP) in which buried pairs wait for their deletion: a number that nobody takes by chance, `axod` in ASCII. */
export const BURIAL_GROUP = 0x61786f64;

/** The name of both sides of a buried pair; its endpoint's id is nobody else's until the device is gone. */
export function buriedIfname(id: number): string {
  return `${BURIED_IFNAME_PREFIX}${id}`;
}

/** Whether a name has the form of {@link buriedIfname}. */
export function isBuriedIfname(name: string): boolean {
  return /^axd[0-9]{1,5}$/.test(name);
}

/** Whether a name has the form of {@link hostIfname}. */
export function isHostIfname(name: string): boolean {
  return /^lxc[0-9a-f]{10}$/.test(name);
}

/** Kinds of device that a pod's pair may be of, in the kernel's words (IFLA_INFO_KIND). */
const POD_LINK_KINDS = ['veth', 'netkit'];

/** Whether a device of this kind may be a pod's. */
export function isPodLinkKind(kind: string | undefined): boolean {
  return kind !== undefined && POD_LINK_KINDS.includes(kind);
}

/** The MAC of a device that has none: a netkit of layer 3 (is_zero_ether_addr, linux/etherdevice.h). */
export const NO_MAC = '00:00:00:00:00:00';

/** What stands in an address's `pool` when the daemon did not give it: an IPAM plugin did, or the main plugin before us in a chain. */
export const EXTERNAL_POOLS = { delegated: 'delegated', chained: 'chained' } as const;

/** What the alias of every device of ours begins with: the mark by which DEL tells them from others, and people find the container. */
export const ALIAS_PREFIX = 'axoneme:';

/** The alias of an attachment's host side: its name. It fits the 255 bytes of an alias (IFALIASZ, linux/if.h): see `CONTAINER_ID_MAX`. */
export function deviceAlias({ containerId, ifname }: AttachmentKey): string {
  return `${ALIAS_PREFIX}${containerId}:${ifname}`;
}

/** The attachment that an alias names; undefined when it names none. Anybody can write one: compare {@link hostIfname}. */
export function attachmentOfAlias(alias: string): AttachmentKey | undefined {
  const [prefix, containerId, ifname, ...more] = alias.split(':');
  if (`${prefix}:` !== ALIAS_PREFIX || !containerId || !ifname || more.length > 0) return undefined;
  return { containerId, ifname };
}

/** Files of one endpoint's folder under `links/`, by the hook that the pinned link holds. */
export const LINK_NAMES = { ingress: 'ingress', egress: 'egress' } as const;

/**
 * The name of an attachment's host side: `lxc` and the first ten hex digits of SHA-256 over `containerId:ifname`, 13 bytes of the
 * 15 that the kernel allows (IFNAMSIZ, linux/if.h). It depends on nothing but the attachment, so that DEL finds the device without
 * the daemon. A container id has no colon (SPEC, "Parameters"), so that two attachments never hash the same text.
 */
export function hostIfname(key: AttachmentKey): string {
  // Loaded only when asked for: the module costs some 3 ms, and a cold ADD gets the name from the daemon.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const digest = createHash('sha256').update(`${key.containerId}:${key.ifname}`).digest('hex');
  return `${POD_IFNAME_PREFIX}${digest.slice(0, 10)}`;
}
