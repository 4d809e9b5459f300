import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { align } from './attr.ts';
import { encodeMessage, type Request } from './message.ts';
import { addAddress, deleteAddress } from './route/address.ts';
import { addAltnames, createLink, deleteAltnames, deleteLink, deleteLinkGroup, setLink } from './route/link.ts';
import { addNeighbour, deleteNeighbour, replaceNeighbour } from './route/neighbour.ts';
import { addRoute, deleteRoute, replaceRoute } from './route/route.ts';
import { addRule, deleteRule } from './route/rule.ts';

interface Vector {
  readonly name: string;
  readonly command: string;
  readonly hex: string;
}

const vectors: readonly Vector[] = JSON.parse(readFileSync(join(import.meta.dirname, 'testdata/requests.json'), 'utf8'));
/** The descriptor that iproute2 had open on the target namespace when the vectors were recorded. */
const netns = { use: () => 4 };
const lo = 1;

/** What we say for each command of the vectors. */
const ours: Readonly<Record<string, () => Request>> = {
  'veth with peer in a namespace': () =>
    createLink({
      kind: 'veth',
      name: 'lxc1a2b',
      mac: '02:00:00:00:00:01',
      mtu: 1400,
      txqlen: 500,
      group: 7,
      peer: { name: 'eth0', mac: '02:00:00:00:00:02', mtu: 1300, txqlen: 900, netns },
    }),
  'netkit l3': () =>
    createLink({
      kind: 'netkit',
      name: 'nk0',
      mtu: 1400,
      mode: 'l3',
      policy: 'blackhole',
      scrub: 'none',
      peerPolicy: 'forward',
      peerScrub: 'default',
      peer: { name: 'nk1', netns },
    }),
  'netkit l2': () =>
    createLink({ kind: 'netkit', name: 'nk0', mode: 'l2', policy: 'forward', peerPolicy: 'blackhole', peer: { name: 'nk1' } }),
  'vxlan external': () =>
    createLink({
      kind: 'vxlan',
      name: 'axo_vxlan',
      external: true,
      port: 8472,
      learning: false,
      udp6ZeroChecksumTx: true,
      udp6ZeroChecksumRx: true,
    }),
  'vxlan with id': () =>
    createLink({
      kind: 'vxlan',
      name: 'vx7',
      id: 7,
      local: '10.0.0.1',
      remote: '10.0.0.2',
      linkIfindex: lo,
      port: 4789,
      sourcePorts: [1000, 2000],
      learning: true,
      ttl: 64,
      gbp: true,
    }),
  'vxlan over ipv6': () =>
    createLink({ kind: 'vxlan', name: 'vx8', id: 8, local: 'fd00::1', remote: 'fd00::2', port: 4789, learning: true }),
  vrf: () => createLink({ kind: 'vrf', name: 'blue', table: 10 }),
  dummy: () => createLink({ kind: 'dummy', name: 'd0' }),
  'set up and noarp': () => setLink(lo, { up: true, noArp: true }),
  'set mtu, group, name': () => setLink(lo, { mtu: 9000, group: 5, name: 'lo9' }),
  'set addrgenmode': () => setLink(lo, { addrGenMode: 'none' }),
  'set netns': () => setLink(lo, { netns }),
  'delete link': () => deleteLink(lo),
  'delete group': () => deleteLinkGroup(7),
  'add altname': () => addAltnames(lo, ['a-long-alternative-name', 'b']),
  'delete altname': () => deleteAltnames(lo, ['b']),
  'add address': () => addAddress({ ifindex: lo, address: '10.0.0.1/32' }),
  'add address, many options': () =>
    addAddress({
      ifindex: lo,
      address: 'fd00::1/64',
      noDad: true,
      noPrefixRoute: true,
      metric: 77,
      validLifetime: 300,
      preferredLifetime: 200,
    }),
  'add address with peer': () => addAddress({ ifindex: lo, address: '10.0.0.1/32', peer: '10.0.0.2', scope: 'link', label: 'lo:1' }),
  'delete address': () => deleteAddress({ ifindex: lo, address: '127.0.0.1/8' }),
  'add route on link': () => addRoute({ destination: '10.0.0.0/24', ifindex: lo }),
  'add default route': () =>
    addRoute({
      destination: 'default',
      gateway: '10.0.0.1',
      ifindex: lo,
      onlink: true,
      source: '10.0.0.9',
      metric: 100,
      mtu: 1400,
      advmss: 1360,
    }),
  'replace route ipv6': () =>
    replaceRoute({
      destination: 'fd00:1::/64',
      gateway: 'fe80::1',
      ifindex: lo,
      table: 1000,
      protocol: 'static',
      mtu: 1280,
      lockMtu: true,
    }),
  'add route via ipv6': () => addRoute({ destination: '10.2.0.0/16', gateway: 'fe80::1', ifindex: lo }),
  'add multipath': () =>
    addRoute({
      destination: '10.3.0.0/16',
      nexthops: [
        { gateway: '10.0.0.1', ifindex: lo, weight: 3, onlink: true },
        { gateway: '10.0.0.2', ifindex: lo },
      ],
    }),
  'add blackhole': () => addRoute({ destination: '10.4.0.0/16', type: 'blackhole' }),
  'delete route': () => deleteRoute({ destination: '10.0.0.0/24', ifindex: lo }),
  'add permanent neighbour': () => addNeighbour({ ifindex: lo, address: '10.0.0.1', mac: '02:00:00:00:00:09' }),
  'replace neighbour ipv6': () =>
    replaceNeighbour({ ifindex: lo, address: 'fe80::1', mac: '02:00:00:00:00:09', state: 'stale', flags: ['router'] }),
  'add proxy': () => addNeighbour({ ifindex: lo, address: '10.0.0.2', flags: ['proxy'] }),
  'delete neighbour': () => deleteNeighbour({ ifindex: lo, address: '10.0.0.1' }),
  'add rule': () =>
    addRule({ priority: 100, from: '10.0.0.0/24', to: '10.1.0.0/16', fwmark: 0x200, fwmask: 0xf00, inputInterface: 'lo', table: 1000 }),
  'add rule ipv6': () =>
    addRule({
      priority: 9,
      invert: true,
      from: 'fd00::/64',
      ipProtocol: 6,
      destinationPorts: [80, 90],
      sourcePorts: [7, 7],
      protocol: 'static',
      action: 'unreachable',
    }),
  'add rule l3mdev': () => addRule({ family: 4, priority: 1000, l3mdev: true }),
  'add rule with suppressed prefix': () => addRule({ family: 4, priority: 5, outputInterface: 'lo', table: 7, suppressPrefixLength: 0 }),
  'delete rule': () => deleteRule({ family: 4, priority: 100 }),
};

const NESTED = 0x80;
/** Size of the fixed struct by RTM_* type, and of the one inside IFLA_LINKINFO / IFLA_INFO_DATA / peer. */
const headers: Readonly<Record<number, number>> = { 4: 16, 5: 8, 6: 12, 7: 12, 8: 12, 27: 16 };

/** `type.type.type` of every attribute that carries NLA_F_NESTED in our message. */
type Paths = Set<string>;

/**
 * A message as lines, sorted by attribute: iproute2 orders attributes by the words of the command, and omits NLA_F_NESTED and the zero
 * behind a kind, both of which the kernel accepts either way.
 */
function canonical(bytes: Buffer, at: number, end: number, path: string, nested: Paths, learn: boolean): string[] {
  const lines: string[] = [];
  while (at < end) {
    const length = bytes.readUInt16LE(at);
    const here = `${path}.${bytes.readUInt8(at + 2)}`;
    if (learn && bytes.readUInt8(at + 3) & NESTED) nested.add(here);
    const payload = bytes.subarray(at + 4, at + length);
    if (nested.has(here)) {
      const skip = here === '.18.2.1' ? 16 : 0;
      lines.push(
        `${here} ${payload.subarray(0, skip).toString('hex')}`,
        ...canonical(bytes, at + 4 + skip, at + length, here, nested, learn),
      );
    } else lines.push(`${here} ${here === '.18.1' ? payload.toString().replace('\0', '') : payload.toString('hex')}`);
    at += align(length);
  }
  return path === '' ? lines.sort() : lines;
}

function describeMessage(bytes: Buffer, nested: Paths, learn: boolean) {
  const type = bytes.readUInt16LE(4);
  const header = headers[type >> 2] ?? 0;
  return {
    type,
    flags: bytes.readUInt16LE(6),
    header: bytes.subarray(16, 16 + header).toString('hex'),
    attributes: canonical(bytes, 16 + header, bytes.length, '', nested, learn).sort(),
  };
}

describe('requests are those of iproute2', () => {
  it('has a request of ours for every vector', () => {
    expect(Object.keys(ours).sort()).toEqual(vectors.map((vector) => vector.name).sort());
  });

  it.each(vectors)('$command', ({ name, hex }) => {
    const request = ours[name]?.();
    if (request === undefined) throw new Error(`no request for ${name}`);
    const nested: Paths = new Set();
    const mine = describeMessage(Buffer.from(encodeMessage(request, 5, 1)), nested, true);
    expect(mine).toEqual(describeMessage(Buffer.from(hex, 'hex'), nested, false));
  });
});
