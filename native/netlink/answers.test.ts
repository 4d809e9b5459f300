import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NLMSG_DONE, NLMSG_ERROR } from './constants.ts';
import { DecodeError } from './errors.ts';
import { decodeEvent } from './events.ts';
import { decodeDone, decodeError, decodeMessages, type Message } from './message.ts';

interface Vector {
  readonly name: string;
  readonly datagrams: readonly string[];
}

const read = (file: string) => JSON.parse(readFileSync(join(import.meta.dirname, 'testdata', file), 'utf8'));
const answers: readonly Vector[] = read('answers.json');
const requests: readonly { readonly hex: string }[] = read('requests.json');
const bytesOf = (name: string) => (answers.find((vector) => vector.name === name)?.datagrams ?? []).map((hex) => Buffer.from(hex, 'hex'));

/** All that the codec has to say of a message. */
function decode(message: Message): unknown {
  if (message.type === NLMSG_ERROR) return decodeError(message);
  if (message.type === NLMSG_DONE) return decodeDone(message);
  const event = decodeEvent(message);
  return event !== undefined && 'value' in event ? event.value : undefined;
}

const decodeAll = (datagram: Uint8Array) => decodeMessages(datagram).map(decode);
const values = (name: string) =>
  bytesOf(name)
    .flatMap((datagram) => decodeMessages(datagram))
    .filter((message) => message.type !== NLMSG_DONE)
    .map(decode);

describe('answers of the kernel', () => {
  it('tells a veth pair', () => {
    expect(values('veth pair')).toMatchObject([
      { ifindex: 1, name: 'lo', type: 772, up: false, mtu: 65536 },
      { ifindex: 2, name: 'eth0', up: false, kind: 'veth', linkIfindex: 3, mac: '02:00:00:00:00:02', mtu: 1500, addrGenMode: 'eui64' },
      {
        ifindex: 3,
        name: 'lxc1',
        up: true,
        operState: 'lowerlayerdown',
        group: 7,
        altnames: ['other'],
        alias: 'words',
        linkIfindex: 2,
        mac: '02:00:00:00:00:01',
        xdp: { mode: 'none', programIds: [] },
      },
    ]);
  });

  it('tells what a vxlan is made of', () => {
    expect(values('vxlan external')).toMatchObject([
      { kind: 'vxlan', info: { kind: 'vxlan', external: true, port: 8472, udpChecksum: true } },
    ]);
    expect(values('vxlan with id')).toMatchObject([
      { info: { id: 7, remote: '10.0.0.2', local: '10.0.0.1', linkIfindex: 1, ttl: 64, port: 4789, sourcePorts: [1000, 2000], gbp: true } },
    ]);
  });

  it('tells whose member a link is', () => {
    expect(values('bridge member')).toMatchObject([{ name: 'lxc1', master: 2, memberOf: 'bridge' }]);
  });

  it('tells addresses of both families', () => {
    expect(values('addresses')).toMatchObject([
      { family: 4, address: '127.0.0.1/8', scope: 'host', permanent: true, label: 'lo' },
      { family: 4, address: '10.0.0.1/32', peer: '10.0.0.2', scope: 'global', label: 'lo:1', validLifetime: 0xffffffff },
      { family: 6, address: 'fd00::1/64', permanent: false, tentative: false, validLifetime: 300, preferredLifetime: 200 },
      { family: 6, address: '::1/128', scope: 'host', permanent: true },
    ]);
  });

  it('tells routes of all tables', () => {
    expect(values('routes ipv4')).toMatchObject([
      {
        destination: '10.3.0.0/16',
        table: 1000,
        nexthops: [
          { gateway: '10.0.0.3', ifindex: 3, onlink: false, weight: 3 },
          { gateway: '10.9.0.2', ifindex: 3, onlink: true, weight: 1 },
        ],
      },
      { destination: 'default', type: 'blackhole', table: 254 },
      { destination: '10.0.0.0/24', source: '10.0.0.1', scope: 'link', protocol: 'kernel', ifindex: 3 },
      { destination: '10.1.0.0/16', metric: 5, mtu: 1400, advmss: 1360, source: '10.0.0.1' },
      { destination: '10.2.0.0/16', gateway: 'fe80::1' },
      { destination: '10.0.0.1/32', type: 'local', table: 255 },
      { destination: '10.0.0.255/32', type: 'broadcast', table: 255 },
    ]);
    expect(values('routes ipv6')).toMatchObject([
      { family: 6, destination: 'fd00:1::/64', protocol: 'bgp', mtu: 1280, lockMtu: true, metric: 1024 },
      { destination: '::1/128', type: 'local' },
    ]);
  });

  it('tells neighbours and rules', () => {
    expect(values('neighbours')).toMatchObject([
      { family: 4, address: '10.0.0.9', mac: '02:00:00:00:00:09', state: 'permanent', flags: [] },
      { family: 6, address: 'fe80::9', mac: '02:00:00:00:00:0a', state: 'stale', flags: ['router'] },
    ]);
    expect(values('rules')).toMatchObject([
      { priority: 0, table: 255 },
      {
        priority: 100,
        invert: true,
        from: '10.0.0.0/24',
        fwmark: 0x200,
        fwmask: 0xf00,
        ipProtocol: 6,
        destinationPorts: [80, 90],
        table: 1000,
      },
      { priority: 32766, table: 254 },
      { priority: 32767, table: 253 },
    ]);
  });

  it("tells a refusal in the kernel's own words", () => {
    expect(values('refusal with words')).toEqual([{ errno: 101, kernelMessage: 'Nexthop has invalid gateway' }]);
  });

  // No kernel at hand has netkit or vrf; requests and answers share their layout, so iproute2's requests stand in.
  it('reads netkit and vrf as iproute2 writes them', () => {
    const infos = requests.map(({ hex }) => decodeAll(Buffer.from(hex, 'hex'))[0]);
    expect(infos[1]).toMatchObject({
      kind: 'netkit',
      name: 'nk0',
      info: { mode: 'l3', policy: 'blackhole', peerPolicy: 'forward', scrub: 'none', peerScrub: 'default' },
    });
    expect(infos[6]).toMatchObject({ kind: 'vrf', info: { kind: 'vrf', table: 10 } });
  });
});

const datagrams = [...answers.flatMap((vector) => vector.datagrams), ...requests.map(({ hex }) => hex)].map((hex) =>
  Buffer.from(hex, 'hex'),
);

/** Runs `decode`; anything but success or DecodeError with an offset in range fails. */
function expectTyped(bytes: Uint8Array): boolean {
  try {
    decodeAll(bytes);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    expect((error as DecodeError).offset).toBeGreaterThanOrEqual(0);
    expect((error as DecodeError).offset).toBeLessThanOrEqual(bytes.length);
    return false;
  }
}

describe('bytes that are no message', () => {
  it('refuses every truncation with an offset', () => {
    for (const datagram of datagrams) {
      const ends = new Set([0]);
      for (let at = 0; at < datagram.length; at += (datagram.readUInt32LE(at) + 3) & ~3) ends.add(at);
      for (let length = 0; length < datagram.length; length++) {
        if (!ends.has(length)) expect(expectTyped(datagram.subarray(0, length)), `cut at ${length}`).toBe(false);
      }
    }
  });

  it('refuses a body that is cut, with all lengths in order', () => {
    for (const datagram of datagrams) {
      for (const { body, type, ...rest } of decodeMessages(datagram)) {
        for (let length = 0; length < body.length; length++) {
          try {
            decode({ ...rest, type, body: body.slice(0, length) });
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        }
      }
    }
  });

  it('never fails but by DecodeError, whatever byte is changed', () => {
    const change = fc.record({ which: fc.nat(datagrams.length - 1), at: fc.nat(), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(datagrams[changes[0]?.which ?? 0] ?? []);
        for (const { at, value } of changes) bytes[at % bytes.length] = value;
        expectTyped(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses an error message that claims a request of four gigabytes', () => {
    const bytes = Buffer.from(bytesOf('refusal with words')[0] ?? []);
    bytes.writeUInt16LE(0x200, 6);
    bytes.writeUInt32LE(0xffffffff, 20);
    expect(expectTyped(bytes)).toBe(false);
  });

  it('never fails but by DecodeError on noise', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void expectTyped(bytes)));
  });
});
