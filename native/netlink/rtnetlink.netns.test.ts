import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { liveFds } from '../fd.ts';
import { MountFlags, umount } from '../files.ts';
import { createNetns, Netns } from '../netns.ts';
import { addAddress, addNeighbour, addRoute, deleteLink, Rtnetlink, setLink } from './index.ts';

/** What iproute2 sees in a namespace: the independent witness. */
type Row = Record<string, unknown>;
const ip = (path: string, ...words: string[]): Row[] =>
  JSON.parse(execFileSync('nsenter', [`--net=${path}`, 'ip', '-j', '-d', ...words], { encoding: 'utf8' }) || '[]');

/** A node's namespace, a pod's, and a client in each. */
interface World {
  readonly node: Netns;
  readonly pod: Netns;
  readonly host: Rtnetlink;
  readonly guest: Rtnetlink;
  readonly close: () => Promise<void>;
}

async function makeWorld(): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'axo-rtnl-'));
  const paths = ['node', 'pod'].map((name) => join(directory, name));
  for (const path of paths) await createNetns(path);
  const [node, pod] = paths.map((path) => Netns.open(path));
  if (node === undefined || pod === undefined) throw new Error('no namespaces');
  const [host, guest] = [await Rtnetlink.open(node), await Rtnetlink.open(pod)];
  const close = async () => {
    for (const open of [host, guest, node, pod]) open.close();
    for (const path of paths) await umount(path, MountFlags.detach);
    rmSync(directory, { recursive: true });
  };
  return { node, pod, host, guest, close };
}

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(async () => {
  await world.close();
  expect([...liveFds().values()]).toEqual([]);
});

/** The pair that an ADD makes: gives the indexes of both ends, up. */
async function makePair(): Promise<{ readonly lxc: number; readonly eth0: number }> {
  const { host, guest, pod } = world;
  await host.links.create({
    kind: 'veth',
    name: 'lxc1',
    mac: '02:00:00:00:00:01',
    mtu: 1400,
    txqlen: 500,
    up: true,
    peer: { name: 'eth0', netns: pod, mac: '02:00:00:00:00:02', mtu: 1300, txqlen: 900, group: 3 },
  });
  const [lxc, eth0] = [await host.links.get('lxc1'), await guest.links.get('eth0')];
  await guest.links.set(eth0.ifindex, { up: true });
  return { lxc: lxc.ifindex, eth0: eth0.ifindex };
}

describe('links', () => {
  it('makes a veth pair whose peer is born in another namespace', async () => {
    const { lxc, eth0 } = await makePair();
    const { host, guest, node, pod } = world;
    const mine = await host.links.get(lxc, { stats: true });
    expect(mine).toMatchObject({
      name: 'lxc1',
      kind: 'veth',
      mac: '02:00:00:00:00:01',
      mtu: 1400,
      txqlen: 500,
      up: true,
      linkIfindex: eth0,
    });
    expect(mine.linkNetnsId).toBeGreaterThanOrEqual(0);
    expect(mine.stats?.txErrors).toBe(0n);
    expect(await guest.links.get('eth0')).toMatchObject({ mac: '02:00:00:00:00:02', mtu: 1300, txqlen: 900, group: 3, linkIfindex: lxc });
    expect(ip(node.path, 'link', 'show', 'lxc1')).toMatchObject([
      { address: '02:00:00:00:00:01', mtu: 1400, txqlen: 500, operstate: 'UP' },
    ]);
    expect(ip(pod.path, 'link', 'show', 'eth0')).toMatchObject([{ address: '02:00:00:00:00:02', mtu: 1300, txqlen: 900, group: '3' }]);
    expect(await host.links.find('eth0')).toBeUndefined();
  });

  it('deletes both ends at once', async () => {
    const { lxc } = await makePair();
    await world.host.links.delete(lxc);
    expect(await world.guest.links.find('eth0')).toBeUndefined();
    await expect(world.host.links.delete(lxc)).rejects.toMatchObject({ errnoName: 'ENODEV', operation: `delete link ${lxc}` });
  });

  it('lists as many links as iproute2, also many', async () => {
    const { host, node } = world;
    for (let i = 0; i < 30; i++) await host.links.create({ kind: 'veth', name: `a${i}`, group: 9, peer: { name: `b${i}`, group: 9 } });
    const names = (await host.links.list()).map((link) => link.name);
    expect(names).toHaveLength(61);
    expect(names).toEqual(ip(node.path, 'link', 'show').map((row) => row['ifname']));
    expect(await host.links.list({ kind: 'veth' })).toHaveLength(60);
    expect(await host.links.list({ kind: 'no-such-kind' })).toEqual([]);
    await host.links.deleteGroup(9);
    expect(await host.links.list()).toHaveLength(1);
    await expect(host.links.deleteGroup(9)).rejects.toMatchObject({ errnoName: 'ENODEV' });
  });

  it('changes name, mtu, mac, group, flags, alias and address generation', async () => {
    const { lxc } = await makePair();
    const { host, node } = world;
    await host.links.set(lxc, { addrGenMode: 'none', mtu: 1450, mac: '02:00:00:00:00:0a', group: 12, noArp: true, alias: 'a pod' });
    expect(await host.links.get(lxc)).toMatchObject({
      mtu: 1450,
      mac: '02:00:00:00:00:0a',
      group: 12,
      noArp: true,
      up: true,
      addrGenMode: 'none',
    });
    await host.links.set(lxc, { up: false, noArp: false });
    await host.links.set(lxc, { name: 'lxc2' });
    expect(ip(node.path, 'link', 'show', 'lxc2')).toMatchObject([
      { ifindex: lxc, mtu: 1450, address: '02:00:00:00:00:0a', group: '12', ifalias: 'a pod', inet6_addr_gen_mode: 'none' },
    ]);
    expect(await host.links.get(lxc)).toMatchObject({ noArp: false, up: false });
  });

  it('finds links by alternative names, long ones too', async () => {
    const long = 'an-alternative-name-longer-than-fifteen-bytes';
    const { host } = world;
    await host.links.create({ kind: 'bridge', name: 'br0', altnames: [long, 'short'] });
    for (const name of [long, 'short']) expect(await host.links.get(name)).toMatchObject({ name: 'br0', altnames: [long, 'short'] });
    await host.links.deleteAltnames('br0', ['short']);
    expect(await host.links.find('short')).toBeUndefined();
  });

  it('joins and leaves a bridge, and moves to another namespace', async () => {
    const { lxc } = await makePair();
    const { host, guest, pod } = world;
    await host.links.create({ kind: 'bridge', name: 'br0' });
    const bridge = await host.links.get('br0');
    await host.links.set(lxc, { master: bridge.ifindex });
    expect(await host.links.list({ master: bridge.ifindex })).toMatchObject([{ name: 'lxc1', memberOf: 'bridge', master: bridge.ifindex }]);
    await host.links.set(lxc, { master: 0 });
    await host.links.set(lxc, { netns: pod });
    expect(await guest.links.get('lxc1')).toMatchObject({ kind: 'veth' });
    expect((await guest.links.get('lxc1')).linkNetnsId).toBeUndefined();
  });

  it('makes an external vxlan', async () => {
    const { host, node } = world;
    await host.links.create({ kind: 'vxlan', name: 'axo_vxlan', external: true, port: 8472, learning: false, up: true });
    expect(await host.links.get('axo_vxlan')).toMatchObject({
      up: true,
      info: { kind: 'vxlan', external: true, port: 8472, learning: false },
    });
    expect(ip(node.path, 'link', 'show', 'axo_vxlan')).toMatchObject([
      { linkinfo: { info_kind: 'vxlan', info_data: { external: true, port: 8472 } } },
    ]);
  });

  it('says what the kernel lacks', async () => {
    const { host } = world;
    const create = host.links.create({ kind: 'netkit', name: 'nk0', mode: 'l3', peer: { name: 'nk1' } });
    // On a kernel with netkit there is nothing to refuse.
    const error = await create.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) return;
    expect(error).toMatchObject({
      code: 'NETLINK',
      errnoName: 'EOPNOTSUPP',
      message: 'create netkit nk0: operation not supported (Unknown device type; needs kernel 6.7 with CONFIG_NETKIT)',
    });
  });

  it('refuses names that are taken, or are none', async () => {
    await makePair();
    const { host } = world;
    await expect(host.links.create({ kind: 'bridge', name: 'lxc1' })).rejects.toMatchObject({
      errnoName: 'EEXIST',
      message: 'create bridge lxc1: file exists',
    });
    await expect(host.links.create({ kind: 'bridge', name: 'a-name-of-16-byt' })).rejects.toMatchObject({ code: 'NETLINK_ENCODE' });
    await expect(host.links.create({ kind: 'bridge', name: 'a/b' })).rejects.toThrow('encode name: "a/b" is no name for a link');
  });

  it('creates, changes and answers in one go, and leaves what bears the name already as it is', async () => {
    const { host } = world;
    const made = await host.links.createAndGet({ kind: 'bridge', name: 'br1' }, [{ alias: 'first' }, { up: true }]);
    expect(made).toMatchObject({ name: 'br1', alias: 'first', up: true });
    await expect(host.links.createAndGet({ kind: 'bridge', name: 'br1' }, [{ alias: 'second' }])).rejects.toMatchObject({
      message: 'create bridge br1: file exists',
    });
    expect(await host.links.get(made.ifindex)).toMatchObject({ alias: 'first' });
    expect(() => setLink('br1', { name: 'br2' })).toThrow('encode name: link br1 is renamed by its index only');
    await host.links.delete(made.ifindex);
  });
});

describe('addresses and routes', () => {
  it('gives a pod what it needs in one batch per namespace', async () => {
    const { eth0 } = await makePair();
    const { guest, pod } = world;
    await guest.batch([
      setLink(eth0, { addrGenMode: 'none', up: true }),
      addAddress({ ifindex: eth0, address: '10.0.0.5/32' }),
      addAddress({ ifindex: eth0, address: 'fd00::5/128', noDad: true }),
      addNeighbour({ ifindex: eth0, address: '10.0.0.1', mac: '02:00:00:00:00:01' }),
      addRoute({ destination: '10.0.0.1/32', ifindex: eth0 }),
      addRoute({ destination: 'default', gateway: '10.0.0.1', ifindex: eth0, mtu: 1300 }),
      addRoute({ destination: 'fd00::1', ifindex: eth0 }),
      addRoute({ destination: 'default', gateway: 'fd00::1', ifindex: eth0 }),
    ]);
    expect(await guest.addresses.list({ ifindex: eth0, family: 6 })).toMatchObject([
      { address: 'fd00::5/128', tentative: false, permanent: true },
    ]);
    expect(await guest.routes.list({ family: 4, table: 254 })).toMatchObject([
      { destination: 'default', gateway: '10.0.0.1', ifindex: eth0, mtu: 1300, protocol: 'boot' },
      { destination: '10.0.0.1/32', scope: 'link' },
    ]);
    expect(ip(pod.path, '-4', 'route', 'show')).toMatchObject([
      { dst: 'default', gateway: '10.0.0.1', dev: 'eth0', metrics: [{ mtu: 1300 }] },
      { dst: '10.0.0.1', scope: 'link' },
    ]);
    expect(await guest.routes.lookup('192.0.2.1')).toMatchObject({ destination: '192.0.2.1/32', gateway: '10.0.0.1', mtu: 1300 });
    expect(await guest.routes.lookup('2001:db8::1')).toMatchObject({ gateway: 'fd00::1', ifindex: eth0 });
    expect(ip(pod.path, '-6', 'route', 'show', 'default')).toMatchObject([{ gateway: 'fd00::1', dev: 'eth0' }]);
    expect(ip(pod.path, 'neigh', 'show')).toMatchObject([{ dst: '10.0.0.1', lladdr: '02:00:00:00:00:01', state: ['PERMANENT'] }]);
  });

  it('names the first step of a batch that the kernel refuses, and has tried the rest', async () => {
    const { eth0 } = await makePair();
    const { guest } = world;
    const batch = [
      addAddress({ ifindex: eth0, address: '10.0.0.5/32' }),
      addAddress({ ifindex: eth0, address: '10.0.0.5/32' }),
      deleteLink(eth0),
    ];
    await expect(guest.batch(batch)).rejects.toMatchObject({ operation: `add address 10.0.0.5/32 on link ${eth0}`, errnoName: 'EEXIST' });
    expect(await guest.links.find('eth0')).toBeUndefined();
  });

  it("carries the kernel's own words", async () => {
    const { eth0 } = await makePair();
    await expect(world.guest.routes.add({ destination: '10.9.0.0/16', gateway: '10.8.0.1', ifindex: eth0 })).rejects.toMatchObject({
      errnoName: 'ENETUNREACH',
      kernelMessage: 'Nexthop has invalid gateway',
      message: `add route 10.9.0.0/16 via 10.8.0.1 on link ${eth0}: network is unreachable (Nexthop has invalid gateway)`,
    });
    await expect(world.guest.routes.add({ destination: '10.9.0.1/16', ifindex: eth0 })).rejects.toMatchObject({
      kernelMessage: 'Invalid prefix for given prefix length',
    });
  });

  it('replaces and deletes routes, also in large tables and with several ways', async () => {
    const { eth0 } = await makePair();
    const { guest, pod } = world;
    await guest.addresses.add({ ifindex: eth0, address: '10.0.0.5/24' });
    const multipath = { destination: '10.7.0.0/16', table: 1000, nexthops: [{ gateway: '10.0.0.1', weight: 2 }, { gateway: '10.0.0.2' }] };
    await guest.routes.add(multipath);
    expect(await guest.routes.list({ table: 1000, family: 4 })).toMatchObject([
      {
        table: 1000,
        nexthops: [
          { gateway: '10.0.0.1', ifindex: eth0, weight: 2 },
          { gateway: '10.0.0.2', weight: 1 },
        ],
      },
    ]);
    expect(ip(pod.path, 'route', 'show', 'table', '1000')).toHaveLength(1);
    await guest.routes.replace({
      destination: '10.7.0.0/16',
      table: 1000,
      gateway: 'fe80::9',
      ifindex: eth0,
      onlink: true,
      source: '10.0.0.5',
    });
    expect(await guest.routes.list({ table: 1000, family: 4 })).toMatchObject([{ gateway: 'fe80::9', source: '10.0.0.5' }]);
    await guest.routes.delete({ destination: '10.7.0.0/16', table: 1000 });
    await expect(guest.routes.delete({ destination: '10.7.0.0/16', table: 1000 })).rejects.toMatchObject({ errnoName: 'ESRCH' });
    await guest.routes.add({ destination: 'default', family: 6, type: 'unreachable', metric: 5, protocol: 'static' });
    expect(await guest.routes.list({ family: 6, type: 'unreachable' })).toMatchObject([
      { destination: 'default', metric: 5, protocol: 'static' },
    ]);
  });

  it('deletes ipv6 routes, and lists none of a table that does not exist', async () => {
    const { eth0 } = await makePair();
    const { guest } = world;
    await guest.routes.add({ destination: 'fd00:7::/64', ifindex: eth0, mtu: 1280 });
    expect(await guest.routes.list({ family: 6, ifindex: eth0, protocol: 'boot' })).toMatchObject([
      { destination: 'fd00:7::/64', mtu: 1280 },
    ]);
    await guest.routes.delete({ destination: 'fd00:7::/64', ifindex: eth0 });
    expect(await guest.routes.list({ family: 6, ifindex: eth0, protocol: 'boot' })).toEqual([]);
    for (const family of [4, 6] as const) expect(await guest.routes.list({ family, table: 4711 })).toEqual([]);
    expect(await guest.routes.list({ table: 4711 })).toEqual([]);
  });

  it('adds, replaces and deletes addresses', async () => {
    const { eth0 } = await makePair();
    const { guest } = world;
    const spec = { ifindex: eth0, address: '10.0.0.5/32' };
    await guest.addresses.add(spec);
    await guest.addresses.replace({ ...spec, validLifetime: 300 });
    const [found] = await guest.addresses.list({ ifindex: eth0, family: 4 });
    expect(found).toMatchObject({ address: '10.0.0.5/32', label: 'eth0', permanent: false });
    await guest.addresses.delete(spec);
    await expect(guest.addresses.delete(spec)).rejects.toMatchObject({ errnoName: 'EADDRNOTAVAIL' });
    expect(await guest.addresses.list({ ifindex: 99999 }).catch((error) => error.errnoName)).toBe('ENODEV');
  });
});

describe('neighbours and rules', () => {
  it('keeps permanent neighbours of both families', async () => {
    const { eth0 } = await makePair();
    const { guest } = world;
    await guest.neighbours.add({ ifindex: eth0, address: '10.0.0.1', mac: '02:00:00:00:00:01' });
    await guest.neighbours.add({ ifindex: eth0, address: 'fe80::1', mac: '02:00:00:00:00:01', flags: ['router'] });
    await expect(guest.neighbours.add({ ifindex: eth0, address: '10.0.0.1', mac: '02:00:00:00:00:01' })).rejects.toMatchObject({
      errnoName: 'EEXIST',
    });
    await guest.neighbours.replace({ ifindex: eth0, address: '10.0.0.1', mac: '02:00:00:00:00:0f' });
    expect(await guest.neighbours.list({ ifindex: eth0, family: 4 })).toMatchObject([
      { address: '10.0.0.1', mac: '02:00:00:00:00:0f', permanent: true },
    ]);
    const all = await guest.neighbours.list({ ifindex: eth0 });
    expect(all.find(({ address }) => address === 'fe80::1')).toMatchObject({ family: 6, flags: ['router'], permanent: true });
    await guest.neighbours.add({ ifindex: eth0, address: '10.0.0.7', flags: ['proxy'] });
    expect(await guest.neighbours.list({ proxy: true })).toMatchObject([{ address: '10.0.0.7', flags: ['proxy'] }]);
    await guest.neighbours.delete({ ifindex: eth0, address: '10.0.0.1' });
    await expect(guest.neighbours.delete({ ifindex: eth0, address: '10.0.0.1' })).rejects.toMatchObject({ errnoName: 'ENOENT' });
  });

  it('keeps rules of both families', async () => {
    const { host, node } = world;
    await host.rules.add({ priority: 100, from: '10.0.0.0/24', fwmark: 0x200, fwmask: 0xf00, table: 1000, protocol: 'static' });
    await host.rules.add({ family: 6, priority: 9, ipProtocol: 17, destinationPorts: [53, 53], table: 7 });
    expect(await host.rules.list({ family: 4 })).toMatchObject([
      { priority: 0, table: 255 },
      { priority: 100, from: '10.0.0.0/24', fwmark: 0x200, fwmask: 0xf00, table: 1000, protocol: 'static' },
      { priority: 32766 },
      { priority: 32767 },
    ]);
    expect((await host.rules.list()).filter((rule) => rule.family === 6)).toContainEqual(
      expect.objectContaining({ priority: 9, ipProtocol: 17, destinationPorts: [53, 53], table: 7 }),
    );
    expect(ip(node.path, 'rule', 'show', 'priority', '100')).toMatchObject([
      { src: '10.0.0.0', srclen: 24, fwmark: '0x200', table: '1000' },
    ]);
    await host.rules.delete({ family: 4, priority: 100 });
    await expect(host.rules.delete({ family: 4, priority: 100 })).rejects.toMatchObject({ errnoName: 'ENOENT' });
  });
});

describe('many at once', () => {
  it('lists all that is there while others come and go', async () => {
    const { host, node } = world;
    const stay = Array.from({ length: 60 }, (_, i) => `s${i}`);
    for (const name of stay) await host.links.create({ kind: 'bridge', name, altnames: [`${name}-${'x'.repeat(100)}`] });
    using other = await Rtnetlink.open(node);
    let stop = false;
    const churn = (async () => {
      for (let i = 0; !stop; i++) {
        await other.links.create({ kind: 'bridge', name: `c${i}` });
        await setTimeout(1);
      }
    })();
    for (let i = 0; i < 40; i++) {
      const names = new Set((await host.links.list({ kind: 'bridge' })).map((link) => link.name));
      expect(stay.filter((name) => !names.has(name))).toEqual([]);
    }
    stop = true;
    await churn;
  });

  it('answers overlapping calls each with its own', async () => {
    const { host } = world;
    const names = Array.from({ length: 20 }, (_, i) => `v${i}`);
    await Promise.all(names.map((name) => host.links.create({ kind: 'veth', name, peer: { name: `p${name}` } })));
    const found = await Promise.all(names.map((name) => host.links.get(name)));
    expect(found.map((link) => link.name)).toEqual(names);
  });
});
