import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceFlag } from './layout.generated.ts';
import { address, concat, mac, mapped } from './testing/bytes.ts';
import { Datapath, type Outcome } from './testing/datapath.ts';
import { Frame } from './testing/frame.ts';
import { deviceOf, narrow, neighbour, node, outside, pods, router, self, sentBy } from './testing/world.ts';

/* Frames that somebody bent: whatever becomes of them, it is counted once, and nothing goes on with an address that it may not have. */

const TC_ACT = { next: -1, pass: 0, drop: 2, redirect: 7 } as const;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const own = { ip4: hex(mapped(self.ipv4)), ip6: hex(mapped(self.ipv6)) };

/** The addresses of an IP frame as any receiver reads them, as 16 bytes in hexadecimal; undefined when it is none. */
function ends(frame: Uint8Array): { source: string; destination: string } | undefined {
  const type = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  if (type === 0x0800 && (frame[14] ?? 0) >> 4 === 4 && frame.length >= 34) {
    const at = (offset: number) => hex(mapped([...frame.subarray(offset, offset + 4)].join('.')));
    return { source: at(26), destination: at(30) };
  }
  if (type !== 0x86dd || (frame[14] ?? 0) >> 4 !== 6 || frame.length < 54) return undefined;
  return { source: hex(frame.subarray(22, 38)), destination: hex(frame.subarray(38, 54)) };
}

const isInsideOnly = (text: string) => /^00000000000000000000ffff(7f|00)/.test(text) || /^0{31}[01]$/.test(text);

const all = [self, neighbour, narrow, router, node, outside, { ipv4: '127.0.0.1', ipv6: '::1' }, { ipv4: '0.0.0.0', ipv6: '::' }];
const places = fc.constantFrom(...all, { ipv4: '224.0.0.1', ipv6: 'ff02::1' }, { ipv4: '255.255.255.255', ipv6: 'fe80::1' });
const payload = fc.integer({ min: 0, max: 80 });
const port = fc.constantFrom(53, 67, 68, 8080);

const layer4 = (frame: Frame, kind: number, from: number, to: number, size: number, type: number) =>
  [frame.udp(from, to).payload(size), frame.tcp(from, to, 2).payload(size), frame.icmp(type).payload(size), frame.payload(size, 47)][
    kind % 4
  ] as Frame;

const packet = (link: Frame) =>
  fc
    .record({
      from: places,
      to: places,
      is6: fc.boolean(),
      hops: fc.constantFrom(0, 1, 2, 64, 255),
      kind: fc.nat(3),
      sport: port,
      dport: port,
      size: payload,
    })
    .chain((part) =>
      fc
        .record({
          headers: fc.array(fc.constantFrom(0, 43, 44, 51, 60), { maxLength: 7 }),
          fragment: fc.constantFrom(0, 8, 64),
          more: fc.boolean(),
          type: fc.constantFrom(0, 3, 8, 128, 133, 134, 135, 136, 137, 143),
        })
        .map((rest) => {
          if (!part.is6) {
            const ip = link.ip4(part.from.ipv4, part.to.ipv4, { ttl: part.hops, offset: rest.fragment, moreFragments: rest.more });
            return layer4(ip, part.kind, part.sport, part.dport, part.size, rest.type).bytes();
          }
          let ip = link.ip6(part.from.ipv6, part.to.ipv6, { hopLimit: part.hops });
          for (const header of rest.headers) ip = header === 44 ? ip.fragment(rest.fragment, rest.more) : ip.extension(header);
          return layer4(ip, part.kind, part.sport, part.dport, part.size, rest.type).bytes();
        }),
    );

/** Neighbour and listener discovery about a target, with the MAC of somebody as an option. */
const discovery = (link: Frame) =>
  fc
    .record({
      from: places,
      to: fc.oneof(fc.constant({ ipv6: 'ff02::1' }), places),
      type: fc.integer({ min: 130, max: 143 }),
      hopLimit: fc.constantFrom(1, 255, 255),
      target: places,
      hardware: fc.constantFrom(self.mac, neighbour.mac),
      option: fc.constantFrom(1, 2, 14),
    })
    .map(({ from, to, type, hopLimit, target, hardware, option }) =>
      link
        .ip6(from.ipv6, to.ipv6, { hopLimit })
        .icmp(type)
        .payload(concat(address(target.ipv6), Uint8Array.of(option, 1), mac(hardware)))
        .bytes(),
    );

const arp = (link: Frame) =>
  fc
    .record({ op: fc.constantFrom(1, 2, 3), from: places, to: places })
    .map(({ op, from, to }) => link.arp(op, [self.mac, from.ipv4], [self.nodeMac, to.ipv4]).bytes());

/** Newer kernels run no program on less than the fixed IP header (6.18). */
const shortest = (frame: Uint8Array) => (frame[12] === 0x86 ? 54 : 34);

/** Bytes changed behind the ethertype, cut or prolonged. */
const bent = (frames: fc.Arbitrary<Uint8Array>) =>
  fc
    .record({
      frame: frames,
      changes: fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 }),
      length: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: -40, max: 40 })),
    })
    .map(({ frame, changes, length }) => {
      const bytes = length > 0 ? concat(frame, new Uint8Array(length)) : frame.slice(0, Math.max(shortest(frame), frame.length + length));
      for (const [at, value] of changes) if (14 + at < bytes.length) bytes[14 + at] = value;
      return bytes;
    });

const gso = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.constantFrom(1, 8, 1400, 0xffff));

/** How often a packet was counted as forwarded or dropped. */
function counted({ metrics }: Outcome): number {
  const rows = Object.entries(metrics).filter(([name]) => !/^(ICMP_LIMITED|EVENT_LIMITED|EVENT_LOST)/.test(name));
  return rows.reduce((sum, [, packets]) => sum + packets, 0);
}

const isForwarded = ({ metrics }: Outcome) => Object.keys(metrics).some((name) => name.startsWith('FORWARDED'));

function fuzz(
  datapath: Datapath,
  frames: fc.Arbitrary<Uint8Array>,
  check: (frame: Uint8Array, outcome: Outcome) => string,
  given?: () => void,
) {
  const seen = new Set<string>();
  fc.assert(
    fc.property(bent(frames), gso, (frame, gsoSize) => {
      datapath.reset();
      given?.();
      const outcome = datapath.run(frame, { gsoSize });
      expect(counted(outcome)).toBe(1);
      seen.add(check(frame, outcome));
    }),
    { numRuns: 3000 },
  );
  return [...seen].sort();
}

describe('a pod that sends bent frames', () => {
  let datapath: Datapath;
  beforeAll(async () => {
    datapath = await Datapath.load('axo_from_container');
  });
  afterAll(() => datapath[Symbol.dispose]());

  const frames = fc.oneof({ weight: 6, arbitrary: packet(sentBy(self)) }, arp(sentBy(self)), discovery(sentBy(self)));

  it('speaks for itself only, and reaches nothing that is inside the node', () => {
    const ways = fuzz(datapath, frames, (frame, outcome) => {
      expect([TC_ACT.drop, TC_ACT.redirect]).toContain(outcome.verdict);
      if (outcome.verdict === TC_ACT.drop) return 'dropped';
      const [before, after] = [ends(frame), ends(outcome.data)];
      // An answer of ours goes back to the pod, from the router.
      const isAnswer = hex(outcome.data.subarray(0, 6)) === hex(frame.subarray(6, 12));
      if (isAnswer && after?.source !== own.ip4 && after?.source !== own.ip6) return 'answered';
      expect(isForwarded(outcome)).toBe(true);
      expect([own.ip4, own.ip6]).toContain(before?.source);
      expect(isInsideOnly(after?.destination ?? '')).toBe(false);
      return 'forwarded';
    });
    expect(ways).toEqual(['answered', 'dropped', 'forwarded']);
  });

  it('of another plugin goes on unchanged, or not at all', () => {
    const chain = () => datapath.map('axo_devices').set({ ifindex: 1 }, { ...deviceOf(self), flags: deviceFlag.CHAINED });
    const ways = fuzz(
      datapath,
      frames,
      (frame, outcome) => {
        expect([TC_ACT.drop, TC_ACT.redirect, TC_ACT.next]).toContain(outcome.verdict);
        if (outcome.verdict !== TC_ACT.next) return 'dropped';
        expect(hex(outcome.data)).toBe(hex(frame));
        const read = ends(frame);
        if (read === undefined) return 'ARP';
        expect(isInsideOnly(read.destination)).toBe(false);
        if (read.source !== own.ip4 && read.source !== own.ip6) return `from ${read.source}`;
        return 'forwarded';
      },
      chain,
    );
    // The unspecified address: listener reports and duplicate address detection.
    expect(ways).toEqual(['ARP', 'dropped', 'forwarded', `from ${'0'.repeat(32)}`]);
  });
});

describe('a host outside that sends bent frames', () => {
  let datapath: Datapath;
  beforeAll(async () => {
    datapath = await Datapath.load('axo_from_netdev');
  });
  afterAll(() => datapath[Symbol.dispose]());

  const link = new Frame().eth('02:00:00:00:00:fe', '00:00:00:00:00:00');
  const ofPods = pods.flatMap(({ ipv4, ipv6 }) => [hex(mapped(ipv4)), hex(mapped(ipv6))]);
  const ofNode = [node, router].flatMap(({ ipv4, ipv6 }) => [hex(mapped(ipv4)), hex(mapped(ipv6))]);

  it('speaks for no pod, and not for the node to a pod; nothing of it reaches what is inside the node', () => {
    const ways = fuzz(datapath, fc.oneof({ weight: 6, arbitrary: packet(link) }, discovery(link)), (frame, outcome) => {
      expect([TC_ACT.drop, TC_ACT.redirect, TC_ACT.pass]).toContain(outcome.verdict);
      if (!isForwarded(outcome)) return 'dropped';
      const read = ends(frame);
      if (read === undefined) return 'no IP';
      // A header that no stack takes: shorter than it says, or longer than the frame.
      const length = frame.length - 14;
      const is4 = frame[12] === 8;
      const total = is4 ? ((frame[16] ?? 0) << 8) | (frame[17] ?? 0) : 40 + (((frame[18] ?? 0) << 8) | (frame[19] ?? 0));
      const words = is4 ? (frame[14] ?? 0) & 0xf : 10;
      if (words < 5 || total < words * 4 || total > length) {
        if (outcome.verdict === TC_ACT.pass) return 'unreadable';
      }
      expect(isInsideOnly(read.destination)).toBe(false);
      expect(ofPods).not.toContain(read.source);
      if (outcome.verdict === TC_ACT.pass) return 'to the stack';
      expect(ofPods).toContain(read.destination);
      expect(ofNode).not.toContain(read.source);
      return 'to a pod';
    });
    expect(ways).toEqual(['dropped', 'no IP', 'to a pod', 'to the stack', 'unreadable']);
  });
});
