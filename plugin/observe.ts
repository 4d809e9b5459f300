import { join } from 'node:path';
import type { Endpoint } from '../conf/api/types.ts';
import { LINK_NAMES } from '../conf/names.ts';
import { linkInfo, programInfo } from '../native/bpf/info.ts';
import { getPinned } from '../native/bpf/pin.ts';
import { hasErrno } from '../native/errors.ts';
import type { Fd } from '../native/fd.ts';
import type { Route } from '../native/netlink/route/route-info.ts';
import type { Rtnetlink } from '../native/netlink/rtnetlink.ts';
import type { Observation, ObservedHook, ObservedInterface, ObservedLink, ObservedRoute } from './host.ts';
import type { OpenPod } from './kernel-host.ts';

/** Where CHECK looks for pins. */
export interface PinFolders {
  /** The attachment's own links. */
  readonly links: string;
  /** The node's programs. */
  readonly programs: string;
}

/** What the kernel has of an attachment. */
export async function observe(host: Rtnetlink, pod: OpenPod, endpoint: Endpoint, pins: PinFolders): Promise<Observation> {
  const container = await observeInterface(pod.netlink, endpoint.ifname);
  return {
    container,
    host: await observeInterface(host, endpoint.hostIfname),
    routes: container ? (await pod.netlink.routes.list()).flatMap(observeRoute) : [],
    ruleTables: endpoint.table === undefined ? [] : (await pod.netlink.rules.list()).flatMap(({ table }) => table ?? []),
    ingress: observeHook(join(pins.links, LINK_NAMES.ingress), join(pins.programs, 'axo_from_container')),
    egress: observeHook(join(pins.links, LINK_NAMES.egress), join(pins.programs, 'axo_to_container')),
  };
}

async function observeInterface(netlink: Rtnetlink, name: string): Promise<ObservedInterface | undefined> {
  const link = await netlink.links.find(name);
  if (!link) return undefined;
  const addresses = await netlink.addresses.list({ ifindex: link.ifindex });
  return {
    ifindex: link.ifindex,
    up: link.up,
    mac: link.mac ?? '',
    mtu: link.mtu ?? 0,
    addresses: addresses.map(({ address }) => address),
  };
}

/** RT_TABLE_LOCAL (linux/rtnetlink.h): the kernel's own, nobody asked for what is in it. */
const TABLE_LOCAL = 255;

function observeRoute({ family, destination, gateway, table }: Route): ObservedRoute[] {
  if (table === TABLE_LOCAL) return [];
  const everything = family === 4 ? '0.0.0.0/0' : '::/0';
  return [{ dst: destination === 'default' ? everything : destination, ...(gateway !== undefined && { gw: gateway }), table }];
}

function observeHook(linkPath: string, programPath: string): ObservedHook {
  return {
    link: ifPinned(linkPath, (fd) => liveLink(fd)),
    expectedProgramId: ifPinned(programPath, (fd) => programInfo(fd).id),
  };
}

/** A link whose device is gone keeps its pin and has interface 0. */
function liveLink(fd: Fd): ObservedLink | undefined {
  const { ifindex, programId } = linkInfo(fd);
  return ifindex ? { ifindex, programId } : undefined;
}

function ifPinned<T>(path: string, read: (fd: Fd) => T): T | undefined {
  try {
    using fd = getPinned(path);
    return read(fd);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
