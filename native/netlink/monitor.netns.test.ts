import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveFds } from '../fd.ts';
import { MountFlags, umount } from '../files.ts';
import { createNetns, Netns } from '../netns.ts';
import { setSysctl } from '../sysctl.ts';
import { addNeighbour, deleteNeighbour, Rtnetlink, type RtnetlinkEvent, RtnetlinkMonitor } from './index.ts';

const directory = mkdtempSync(join(tmpdir(), 'axo-monitor-'));
const path = join(directory, 'node');

beforeAll(() => createNetns(path));
afterAll(async () => {
  await umount(path, MountFlags.detach);
  rmSync(directory, { recursive: true });
  expect([...liveFds().values()]).toEqual([]);
});

/** Reads until an event matches. */
async function until(monitor: RtnetlinkMonitor, matches: (event: RtnetlinkEvent) => boolean): Promise<RtnetlinkEvent[]> {
  const seen: RtnetlinkEvent[] = [];
  for await (const event of monitor) {
    seen.push(event);
    if (matches(event)) break;
  }
  return seen;
}

describe('RtnetlinkMonitor', () => {
  it('tells links, addresses, routes, neighbours and rules as they come and go', async () => {
    using netns = Netns.open(path);
    using rtnetlink = await Rtnetlink.open(netns);
    const monitor = await RtnetlinkMonitor.watch(netns, ['link', 'address', 'route', 'neighbour', 'rule']);
    await rtnetlink.links.create({ kind: 'veth', name: 'a', up: true, peer: { name: 'b' } });
    const { ifindex } = await rtnetlink.links.get('a');
    await rtnetlink.addresses.add({ ifindex, address: '10.0.0.1/24' });
    await rtnetlink.neighbours.add({ ifindex, address: '10.0.0.9', mac: '02:00:00:00:00:09' });
    await rtnetlink.rules.add({ family: 6, priority: 77, table: 7 });
    await rtnetlink.links.delete(ifindex);
    const seen = await until(monitor, (event) => event.kind === 'link' && event.action === 'delete' && event.value.name === 'a');
    const has = (event: object) => expect(seen).toContainEqual(expect.objectContaining(event));
    has({ kind: 'link', action: 'new', value: expect.objectContaining({ name: 'b', kind: 'veth' }) });
    has({ kind: 'address', action: 'new', value: expect.objectContaining({ ifindex, address: '10.0.0.1/24' }) });
    has({ kind: 'route', action: 'new', value: expect.objectContaining({ destination: '10.0.0.1/32', type: 'local' }) });
    has({ kind: 'neighbour', action: 'new', value: expect.objectContaining({ address: '10.0.0.9', permanent: true }) });
    has({ kind: 'rule', action: 'new', value: expect.objectContaining({ family: 6, priority: 77 }) });
    has({ kind: 'address', action: 'delete', value: expect.objectContaining({ address: '10.0.0.1/24' }) });
  });

  it('says resync when events did not fit the buffer, and goes on', async () => {
    using netns = Netns.open(path);
    using rtnetlink = await Rtnetlink.open(netns);
    await rtnetlink.links.create({ kind: 'veth', name: 'c', peer: { name: 'd' } });
    const { ifindex } = await rtnetlink.links.get('c');
    const monitor = await RtnetlinkMonitor.watch(netns, ['neighbour'], { receiveBytes: 4096 });
    // One datagram of many requests: the kernel sends all the events before our event loop turns.
    const neighbour = { ifindex, address: '10.0.0.9', mac: '02:00:00:00:00:09' };
    await rtnetlink.batch(Array.from({ length: 200 }, () => [addNeighbour(neighbour), deleteNeighbour(neighbour)]).flat());
    const lost = await until(monitor, (event) => event.kind === 'resync');
    expect(lost.at(-1)).toEqual({ kind: 'resync' });
    await rtnetlink.links.delete(ifindex);
  });

  it('tells of forwarding that is switched for a device by that of all devices', async () => {
    using netns = Netns.open(path);
    using rtnetlink = await Rtnetlink.open(netns);
    await rtnetlink.links.create({ kind: 'veth', name: 'g', ifindex: 77, up: true, peer: { name: 'h', ifindex: 78 } });
    expect((await rtnetlink.links.get('h')).ifindex).toBe(78);
    await setSysctl(netns, 'net.ipv6.conf.all.forwarding', '0');
    await setSysctl(netns, 'net.ipv6.conf.g.forwarding', '1');
    const monitor = await RtnetlinkMonitor.watch(netns, ['netconf']);
    await setSysctl(netns, 'net.ipv6.conf.all.forwarding', '0');
    await setSysctl(netns, 'net.ipv4.ip_forward', '1');
    const isOfIpv4 = (event: RtnetlinkEvent) => event.kind === 'netconf' && event.value.family === 4 && event.value.ifindex === 77;
    const seen = await until(monitor, isOfIpv4);
    const value = (family: 4 | 6, forwarding: boolean) => ({ kind: 'netconf', action: 'new', value: { family, ifindex: 77, forwarding } });
    expect(seen).toContainEqual(value(6, false));
    expect(seen.at(-1)).toEqual(value(4, true));
    await rtnetlink.links.delete(77);
  });

  it('does not take a port that leaves its bridge for a link that is gone', async () => {
    using netns = Netns.open(path);
    using rtnetlink = await Rtnetlink.open(netns);
    await rtnetlink.links.create({ kind: 'bridge', name: 'br0' });
    await rtnetlink.links.create({ kind: 'veth', name: 'e', peer: { name: 'f' } });
    const [bridge, port] = [await rtnetlink.links.get('br0'), await rtnetlink.links.get('e')];
    const monitor = await RtnetlinkMonitor.watch(netns, ['link']);
    await rtnetlink.links.set(port.ifindex, { master: bridge.ifindex });
    await rtnetlink.links.set(port.ifindex, { master: 0 });
    await rtnetlink.links.delete(port.ifindex);
    await rtnetlink.links.delete(bridge.ifindex);
    const seen = await until(monitor, (event) => event.kind === 'link' && event.action === 'delete' && event.value.name === 'br0');
    const gone = seen.flatMap((event) => (event.kind === 'link' && event.action === 'delete' ? [event.value.name] : []));
    expect(gone.sort()).toEqual(['br0', 'e', 'f']);
  });

  it('ends the iteration when it is closed', async () => {
    using netns = Netns.open(path);
    const monitor = await RtnetlinkMonitor.watch(netns, ['link']);
    const ended = until(monitor, () => false);
    setTimeout(() => monitor.close(), 5);
    expect(await ended).toEqual([]);
    monitor.close();
  });
});
