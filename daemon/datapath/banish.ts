import type { Endpoint } from '../../conf/api/types.ts';
import { isPodLinkKind, NO_MAC } from '../../conf/names.ts';
import { step } from '../../conf/step.ts';
import { deleteRule, hasErrno, type Link, Netns, Rtnetlink } from '../../native/index.ts';
import type { Door } from '../endpoint/ports.ts';
import { ignoreGone, renameLink } from './link-changes.ts';

/** What becomes of the pod's side of a pair. */
export interface Banishment {
  /** Its new name, which must be nobody's in the pod. */
  readonly name: string;
  /** What may lead to its namespace. */
  readonly doors: readonly Door[];
  /** The number that the namespace of the passed door has here; undefined when there is none. */
  readonly passedId: number | undefined;
  /** Routing table of its own, whose rules go with it. */
  readonly table: number | undefined;
}

/**
 * Sets the pod's side of a pair down and gives it another name, so that its old one is free. It takes a socket in the pod's namespace: the
 * kernel finds a link that is to be changed in the socket's own namespace only (`__rtnl_newlink`, net/core/rtnetlink.c), where IFLA_TARGET_NETNSID
 * would say where to move it. False when no door leads to the namespace, or may be passed.
 */
export async function banishPeer(host: Rtnetlink, device: Link, banishment: Banishment): Promise<boolean> {
  const { linkIfindex, linkNetnsId } = device;
  if (linkIfindex === undefined) return false;
  if (linkNetnsId === undefined) {
    await host.batch(renameLink(linkIfindex, banishment.name));
    return true;
  }
  using pod = await enter(host, banishment, linkNetnsId);
  if (pod === undefined) return false;
  await pod.netlink.batch(renameLink(linkIfindex, banishment.name));
  if (banishment.table !== undefined) await removeRules(pod.netlink, banishment.table);
  return true;
}

/**
 * Deletes a pair whose side on the node cannot be found, by its side in the pod, which bears the endpoint's MAC. A netkit of layer 3 has none, and
 * stays. Where no door may be passed, nothing happens.
 */
export async function deletePairFromPod(doors: readonly Door[], { mac }: Pick<Endpoint, 'mac'>): Promise<void> {
  if (mac === NO_MAC) return;
  for (const door of doors) {
    if (typeof door !== 'string') return await deleteByMac(door.netlink, mac);
    using netns = openDoor(door);
    using pod = netns && (await openIn(netns));
    if (pod !== undefined) return await deleteByMac(pod, mac);
  }
}

async function deleteByMac(pod: Rtnetlink, mac: string): Promise<void> {
  for (const link of await pod.links.list()) {
    if (!isPodLinkKind(link.kind) || link.mac !== mac) continue;
    await pod.links.delete(link.ifindex).catch(ignoreGone);
  }
}

/** A socket in a pod's namespace; closing it leaves alone what is another's. */
interface Entrance extends Disposable {
  readonly netlink: Rtnetlink;
}

/** Into the namespace with this number by one of the doors: a path may lead to another container's by now. */
async function enter(host: Rtnetlink, { doors, passedId }: Banishment, netnsId: number): Promise<Entrance | undefined> {
  for (const door of doors) {
    if (typeof door !== 'string') {
      if (passedId === netnsId) return { netlink: door.netlink, [Symbol.dispose]() {} };
      continue;
    }
    using netns = openDoor(door);
    if (netns === undefined || (await host.links.netnsId(netns)) !== netnsId) continue;
    const netlink = await openIn(netns);
    if (netlink !== undefined) return { netlink, [Symbol.dispose]: () => netlink.close() };
  }
  return undefined;
}

/** Undefined for whatever is no namespace, or none that this process may see. */
function openDoor(path: string): Netns | undefined {
  try {
    return Netns.open(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'NOT_A_NETNS' || error.code === 'SYSCALL')) return undefined;
    throw error;
  }
}

/** To enter a namespace takes CAP_SYS_ADMIN, which a service may lack (setns(2)). */
async function openIn(netns: Netns): Promise<Rtnetlink | undefined> {
  try {
    return await Rtnetlink.open(netns);
  } catch (error) {
    if (hasErrno(error, 'EPERM')) return undefined;
    throw error;
  }
}

/** Left alone they would lead to an empty table; another interface's stay. */
async function removeRules(pod: Rtnetlink, table: number): Promise<void> {
  const rules = (await pod.rules.list()).filter((rule) => rule.table === table);
  const requests = rules.map(({ family, priority }) => deleteRule({ family, priority, table }));
  await step('bury.rules', () => pod.batch(requests)).catch((error: unknown) => {
    if (!hasErrno(error, 'ENOENT')) throw error;
  });
}
