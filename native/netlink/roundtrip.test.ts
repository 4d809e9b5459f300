import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NLMSG_HDRLEN } from './constants.ts';
import { EncodeError } from './errors.ts';
import { decodeMessages, encodeMessage } from './message.ts';
import { Reader } from './reader.ts';
import { addAddress, decodeAddress } from './route/address.ts';
import { createLink, deleteLink, deleteLinkGroup, setLink } from './route/link.ts';
import { decodeLink } from './route/link-info.ts';
import { addNeighbour, decodeNeighbour } from './route/neighbour.ts';
import { addRoute } from './route/route.ts';
import { decodeRoute } from './route/route-info.ts';
import { addRule, decodeRule } from './route/rule.ts';
import { formatIp, formatMac } from './text.ts';

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(formatIp);
const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(formatIp);
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(formatMac);
const index = fc.integer({ min: 1, max: 0x7fffffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const bits = (max: number) => fc.integer({ min: 1, max });
const prefix4 = fc.tuple(ipv4, bits(32)).map(([address, length]) => `${address}/${length}`);
const prefix6 = fc.tuple(ipv6, bits(128)).map(([address, length]) => `${address}/${length}`);
const port = fc.integer({ min: 0, max: 65535 });

const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }, required: (keyof T)[]) => fc.record(shape, { requiredKeys: required });
const body = (bytes: Uint8Array) => new Reader(bytes);

describe('what is asked for is what is read', () => {
  it('routes', () => {
    const shape = (address: fc.Arbitrary<string>, prefix: fc.Arbitrary<string>) => ({
      destination: prefix,
      gateway: fc.oneof(address, ipv6),
      ifindex: index,
      source: address,
      table: u32.filter((table) => table > 0),
      metric: u32,
      mtu: u32,
      advmss: u32,
      onlink: fc.boolean(),
    });
    const specs = fc.oneof(record(shape(ipv4, prefix4), ['destination']), record(shape(ipv6, prefix6), ['destination']));
    fc.assert(fc.property(specs, (spec) => void expect(decodeRoute(body(addRoute(spec).body))).toMatchObject(spec)));
  });

  it('multipath routes', () => {
    const hop = record({ gateway: fc.oneof(ipv4, ipv6), ifindex: index, weight: fc.integer({ min: 1, max: 256 }), onlink: fc.boolean() }, [
      'ifindex',
    ]);
    const specs = fc.record({ destination: prefix4, nexthops: fc.array(hop, { minLength: 1, maxLength: 5 }) });
    fc.assert(fc.property(specs, (spec) => void expect(decodeRoute(body(addRoute(spec).body))).toMatchObject(spec)));
  });

  it('addresses', () => {
    const specs = fc.record({ ifindex: index, address: fc.oneof(prefix4, prefix6), validLifetime: u32, preferredLifetime: u32 });
    fc.assert(fc.property(specs, (spec) => void expect(decodeAddress(body(addAddress(spec).body))).toMatchObject(spec)));
  });

  it('neighbours', () => {
    const flags = fc.subarray(['proxy', 'externLearned', 'router'] as const);
    const specs = fc.record({
      ifindex: index,
      address: fc.oneof(ipv4, ipv6),
      mac,
      flags,
      state: fc.constantFrom('permanent', 'stale', 'noarp'),
    });
    fc.assert(fc.property(specs, (spec) => void expect(decodeNeighbour(body(addNeighbour(spec).body))).toMatchObject(spec)));
  });

  it('rules', () => {
    const ports = fc.tuple(port, port);
    const shape = {
      priority: u32,
      from: prefix6,
      to: prefix6,
      fwmark: u32,
      fwmask: u32,
      table: u32,
      sourcePorts: ports,
      destinationPorts: ports,
    };
    fc.assert(fc.property(record(shape, ['from']), (spec) => void expect(decodeRule(body(addRule(spec).body))).toMatchObject(spec)));
  });

  it('links', () => {
    const common = {
      name: fc.constantFrom('eth0', 'lxc0123456789', 'ü'),
      mac,
      mtu: u32,
      txqlen: u32,
      group: u32,
      up: fc.boolean(),
      noArp: fc.boolean(),
    };
    const vxlan = fc.record({ id: u32, external: fc.boolean(), remote: fc.oneof(ipv4, ipv6), port, sourcePorts: fc.tuple(port, port) });
    fc.assert(
      fc.property(record(common, ['name']), vxlan, (spec, info) => {
        const link = decodeLink(body(createLink({ kind: 'vxlan', ...spec, ...info }).body));
        expect(link).toMatchObject({ ...spec, kind: 'vxlan', info });
      }),
    );
  });

  it('the policies of a netkit, changed later', () => {
    const { body: bytes } = setLink(7, { netkit: { policy: 'forward', peerPolicy: 'blackhole' } });
    expect(decodeLink(body(bytes))).toMatchObject({ ifindex: 7, info: { kind: 'netkit', policy: 'forward', peerPolicy: 'blackhole' } });
  });

  it('netkit, with room', () => {
    const word = <T extends string>(...words: T[]) => fc.constantFrom(...words);
    const shape = {
      mode: word('l2', 'l3'),
      policy: word('forward', 'blackhole'),
      peerPolicy: word('forward', 'blackhole'),
      scrub: word('none', 'default'),
      peerScrub: word('none', 'default'),
      headroom: port,
      tailroom: port,
    };
    fc.assert(
      fc.property(fc.record(shape, { requiredKeys: [] }), (spec) => {
        const request = createLink({ kind: 'netkit', name: 'nk0', peer: { name: 'nk1' }, ...spec });
        expect(decodeLink(body(request.body)).info).toEqual({ kind: 'netkit', ...spec });
      }),
    );
  });

  it('messages, several in a datagram', () => {
    const requests = fc.array(fc.record({ operation: fc.constant(''), type: port, flags: port, body: fc.uint8Array({ maxLength: 50 }) }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(requests, (list) => {
        const messages = decodeMessages(Buffer.concat(list.map((request, i) => encodeMessage(request, 0, i))));
        expect(messages.map(({ type, flags, seq }) => ({ type, flags, seq }))).toEqual(
          list.map(({ type, flags }, seq) => ({ type, flags, seq })),
        );
        expect(messages.map((message) => Uint8Array.from(message.body.bytes))).toEqual(list.map((request) => request.body));
        expect(messages.every((message) => message.body.base >= NLMSG_HDRLEN)).toBe(true);
      }),
    );
  });
});

describe('what cannot be said is refused before it is sent', () => {
  it.each([
    ['a MAC that is none', () => setLink(1, { mac: 'no' })],
    ['an MTU that is no number', () => setLink(1, { mtu: Number.NaN })],
    ['a name that is too long', () => setLink(1, { name: 'a-name-of-16-byt' })],
    ['an index that would mean a group', () => deleteLink(0)],
    ['the group of all', () => deleteLinkGroup(0)],
    ['a default route of no family', () => addRoute({ destination: 'default', ifindex: 1 })],
    ['a rule of no family', () => addRule({ priority: 1 })],
    ['a prefix that is too long', () => addRoute({ destination: '10.0.0.0/33' })],
    ['a weight of nothing', () => addRoute({ destination: '10.0.0.0/8', nexthops: [{ ifindex: 1, weight: 0 }] })],
    ['a port that is none', () => createLink({ kind: 'vxlan', name: 'v', sourcePorts: [0, 65536] })],
  ])('%s', (_, build) => {
    expect(build).toThrow(EncodeError);
  });

  it('names the operation with its values', () => {
    expect(setLink(3, { up: true, mtu: 1400, netns: { use: () => 3 } }).operation).toBe('set link 3 up true, mtu 1400, netns');
    expect(addRoute({ destination: 'default', gateway: '10.0.0.1', ifindex: 2 }).operation).toBe(
      'add route default via 10.0.0.1 on link 2',
    );
    expect(addRule({ priority: 9, from: '10.0.0.0/8', table: 7 }).operation).toBe('add rule priority 9 from 10.0.0.0/8 table 7');
  });
});
