import { join } from 'node:path';
import { type DeviceValue, type EndpointValue, maps } from '../../bpf/layout.generated.ts';
import type { AttachmentKey, Endpoint } from '../../conf/api/types.ts';
import { attachmentOfAlias, hostIfname, isPodLinkKind } from '../../conf/names.ts';
import type { Paths } from '../../conf/paths.ts';
import { BpfMap, getPinned, type Link, type Rtnetlink } from '../../native/index.ts';
import { findAttached } from '../../plugin/attach/index.ts';
import { addressText, macText } from './address.ts';

/** A pod of ours that the kernel still serves: what device, alias, maps and links say of it. */
export interface Survivor extends AttachmentKey, Pick<Endpoint, 'device'> {
  readonly id: number;
  readonly identity: number;
  /** At most one per family. */
  readonly addresses: readonly string[];
  readonly hostIfname: string;
  readonly hostIfindex: number;
  readonly hostMac: string;
  readonly mac: string;
  readonly mtu: number;
}

type Devices = BpfMap<{ ifindex: number }, DeviceValue>;
type Endpoints = BpfMap<{ addr: Uint8Array }, EndpointValue>;

/**
 * Pods that are whole in the kernel, apart from those whose device `owned` names: the alias of the device names an attachment whose device bears
 * this name, both maps agree about it, and both hooks have its programs. Such a pod has traffic, whatever became of its record. Maps that are not
 * there, or of another layout, know of none. Throws what the kernel refuses.
 */
export async function findSurvivors(rtnl: Rtnetlink, paths: Paths, owned: ReadonlySet<string>): Promise<Survivor[]> {
  const links = (await rtnl.links.list()).filter(({ kind, name, alias }) => isPodLinkKind(kind) && alias !== undefined && !owned.has(name));
  if (links.length === 0) return [];
  try {
    using devicesFd = getPinned(join(paths.maps, 'axo_devices'));
    using endpointsFd = getPinned(join(paths.maps, 'axo_endpoints'));
    const devices: Devices = new BpfMap(devicesFd, maps.axo_devices.key, maps.axo_devices.value);
    const endpoints: Endpoints = new BpfMap(endpointsFd, maps.axo_endpoints.key, maps.axo_endpoints.value);
    const survivors: Survivor[] = [];
    for (const link of links) {
      const survivor = survivorOf(link, { devices, endpoints });
      if (survivor !== undefined && (await hasPrograms(rtnl, link, paths))) survivors.push(survivor);
    }
    return survivors;
  } catch (error) {
    if (isUnreadable(error)) return [];
    throw error;
  }
}

/** Not pinned, or pinned by a version with other rows. */
function isUnreadable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, errnoName } = error as { code?: unknown; errnoName?: unknown };
  return errnoName === 'ENOENT' || code === 'BPF';
}

interface Sources {
  readonly devices: Devices;
  readonly endpoints: Endpoints;
}

function survivorOf(link: Link, { devices, endpoints }: Sources): Survivor | undefined {
  const key = attachmentOfAlias(link.alias ?? '');
  const row = devices.get({ ifindex: link.ifindex });
  if (key === undefined || row === undefined || hostIfname(key) !== link.name || macText(row.nodeMac) !== link.mac) return undefined;
  const addresses = [row.ipv4, row.ipv6].filter((bytes) => bytes.some((byte) => byte !== 0));
  const isFound = addresses.every((addr) => {
    const found = endpoints.get({ addr });
    return found?.id === row.id && found.ifindex === link.ifindex;
  });
  if (addresses.length === 0 || !isFound) return undefined;
  return {
    ...key,
    id: row.id,
    identity: row.identity,
    addresses: addresses.map(addressText),
    hostIfname: link.name,
    hostIfindex: link.ifindex,
    hostMac: link.mac,
    mac: macText(row.mac),
    mtu: row.mtu,
    ...deviceOf(link),
  };
}

async function hasPrograms(rtnl: Rtnetlink, { name, ifindex }: Link, paths: Paths): Promise<boolean> {
  const target = { ifindex, folder: join(paths.links, name) };
  const found = [await findAttached(rtnl, target, 'ingress'), await findAttached(rtnl, target, 'egress')];
  return found.every((attached) => attached?.ifindex === ifindex);
}

function deviceOf({ info }: Link): Pick<Endpoint, 'device'> {
  if (info?.kind !== 'netkit') return {};
  return { device: info.mode === 'l2' ? 'netkit-l2' : 'netkit' };
}
