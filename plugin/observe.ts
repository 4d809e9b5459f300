import { join } from 'node:path';
import type { Endpoint } from '../conf/api/types.ts';
import { programInfo } from '../native/bpf/info.ts';
import { openIfPinned } from '../native/bpf/pin.ts';
import type { Route } from '../native/netlink/route/route-info.ts';
import type { Rtnetlink } from '../native/netlink/rtnetlink.ts';
import { type AttachTarget, findAttached, type Hook } from './attach/index.ts';
import type { OpenPod } from './open-pod.ts';
import type { Observation, ObservedHook, ObservedInterface, ObservedRoute } from './types.ts';

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
  const device = await observeInterface(host, endpoint.hostIfname);
  const target = { ifindex: device?.ifindex ?? endpoint.hostIfindex, folder: pins.links };
  return {
    container,
    host: device,
    routes: container ? (await pod.netlink.routes.list()).flatMap(observeRoute) : [],
    ruleTables: endpoint.table === undefined ? [] : (await pod.netlink.rules.list()).flatMap(({ table }) => table ?? []),
    ingress: await observeHook(host, target, 'ingress', join(pins.programs, 'axo_from_container')),
    egress: await observeHook(host, target, 'egress', join(pins.programs, 'axo_to_container')),
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

/** What is found may be a husk: a link whose device is gone keeps its pin. */
async function observeHook(netlink: Rtnetlink, target: AttachTarget, hook: Hook, programPath: string): Promise<ObservedHook> {
  const found = await findAttached(netlink, target, hook);
  using program = openIfPinned(programPath);
  return { link: found?.ifindex ? found : undefined, expectedProgramId: program && programInfo(program).id };
}
