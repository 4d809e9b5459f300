import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BpfObject, loadObject, testRun } from '../native/index.ts';
import { type DropReason, dropReason } from './layout.generated.ts';
import { be, concat } from './testing/bytes.ts';
import { type Reading, readPacket } from './testing/parse-oracle.ts';

/*
 * lib/parse.h against an oracle that shares no line with it, on packets of every shape: ports may be read only where a receiver reads them.
 */

let folder: string;
let probe: BpfObject;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'axo-parse-'));
  const path = join(folder, 'parse-probe.o');
  const multiarch = `/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  const source = join(import.meta.dirname, 'testing', 'parse-probe.bpf.c');
  execFileSync('clang', [
    '-O2',
    '-g',
    '-target',
    'bpf',
    '-mcpu=v3',
    `-I${multiarch}`,
    `-I${import.meta.dirname}`,
    '-c',
    source,
    '-o',
    path,
  ]);
  probe = await loadObject({ path });
});
afterAll(() => {
  probe?.close();
  rmSync(folder, { recursive: true, force: true });
});

const FRAGMENT = 4;
const LATER = 2;

function parse(packet: Uint8Array, family: 4 | 6): Reading | DropReason {
  const { retval, data } = testRun(probe.program('parse_probe'), {
    data: concat(new Uint8Array(12), be(2, family === 4 ? 0x0800 : 0x86dd), packet),
  });
  if (retval !== 0) return (Object.entries(dropReason).find(([, value]) => value === retval)?.[0] ?? String(retval)) as DropReason;
  const flags = data[5] ?? 0;
  return {
    protocol: data[4] ?? 0,
    ports: [...data.subarray(0, 4)],
    isFragment: (flags & FRAGMENT) !== 0,
    isLater: (flags & LATER) !== 0,
    layer4: (((data[8] ?? 0) << 8) | (data[9] ?? 0)) - 14,
  };
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const protocol = fc.oneof(fc.constantFrom(1, 6, 17, 47, 50, 58, 59, 132, 136), fc.nat(255));
/** Mostly 0 or small: that is where the edges are. */
const offset = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(4), fc.nat(0x1fff));
/** By how much a stated length lies. */
const lie = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: -40, max: 40 }));
const payload = fc.uint8Array({ maxLength: 48 });
const padding = fc.oneof({ weight: 2, arbitrary: fc.constant(new Uint8Array()) }, fc.uint8Array({ maxLength: 30 }));

const option = fc.oneof(
  fc.constantFrom(Uint8Array.of(0), Uint8Array.of(1), Uint8Array.of(7, 7, 4, 0, 0, 0, 0), Uint8Array.of(131, 7, 4, 10, 0, 0, 9)),
  fc.uint8Array({ minLength: 1, maxLength: 6 }),
);
const options = fc.oneof(
  { weight: 3, arbitrary: fc.constant(new Uint8Array()) },
  fc.array(option, { maxLength: 6 }).map((list) => {
    const all = concat(...list).subarray(0, 40);
    return concat(all, new Uint8Array((4 - (all.length % 4)) % 4));
  }),
);

const ipv4 = fc
  .record({ options, protocol, offset, more: fc.boolean(), lie, payload, padding, addresses: bytes(8), words: lie })
  .map((part) => {
    const header = 20 + part.options.length;
    const words = Math.min(15, Math.max(0, header / 4 + (part.words % 3)));
    const total = Math.max(0, header + part.payload.length + part.lie);
    const first = concat(Uint8Array.of(0x40 | words, 0), be(2, total), be(2, 1), be(2, (part.more ? 0x2000 : 0) | part.offset));
    return concat(first, Uint8Array.of(64, part.protocol), be(2, 0), part.addresses, part.options, part.payload, part.padding);
  });

const extension = fc.record({
  type: fc.constantFrom(0, 43, 44, 51, 60),
  size: fc.oneof(fc.nat(2), fc.nat(2), fc.nat(255)),
  third: fc.nat(4),
  offset,
  more: fc.boolean(),
  body: fc.nat(24),
});
type Extension = typeof extension extends fc.Arbitrary<infer T> ? T : never;

const extensionBytes = ({ type, size, third, offset: at, more, body }: Extension, next: number) =>
  type === 44
    ? concat(Uint8Array.of(next, 0), be(2, (at << 3) | Number(more)), be(4, 1))
    : concat(Uint8Array.of(next, size, third, 0), new Uint8Array(size > 2 ? body : type === 51 ? size * 4 + 4 : size * 8 + 4));

const ipv6 = fc
  .record({ list: fc.array(extension, { maxLength: 8 }), protocol, lie, payload, padding, addresses: bytes(32), disguise: fc.nat(20) })
  .map((part) => {
    const types = [...part.list.map(({ type }) => type), part.protocol];
    const chain = part.list.map((each, i) => extensionBytes(each, types[i + 1] ?? 59));
    const content = concat(...chain, part.payload);
    const addresses = part.addresses.slice();
    if (part.disguise === 0) addresses.set(concat(new Uint8Array(10), be(2, 0xffff)), 16);
    const length = Math.max(0, content.length + part.lie);
    return concat(be(4, 0x60000000), be(2, length), Uint8Array.of(types[0] ?? 59, 64), addresses, content, part.padding);
  });

/** Newer kernels run no program on less than the fixed header (6.18). */
const shortest = (family: 4 | 6) => (family === 4 ? 20 : 40);

/** Also cut anywhere, as a device or a raw socket may hand it over. */
const cut = (packets: fc.Arbitrary<Uint8Array>, family: 4 | 6) =>
  fc
    .tuple(packets, fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true })))
    .map(([packet, share]) => packet.subarray(0, Math.max(shortest(family), Math.ceil(packet.length * share))));

describe.each([
  ['IPv4', 4, ipv4],
  ['IPv6', 6, ipv6],
] as const)('the parser, %s', (_, family, packets) => {
  it('reads a packet as the oracle does, or drops it for the same reason', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(cut(packets, family), (packet) => {
        const expected = readPacket(packet, family);
        seen.add(typeof expected === 'string' ? expected : expected.isLater ? 'later' : expected.isFragment ? 'first' : 'whole');
        expect(parse(packet, family)).toEqual(expected);
      }),
      { numRuns: 5000 },
    );
    // The generator reaches every outcome, or the property says little.
    const common = ['INVALID_PACKET', 'INVALID_LAYER4', 'TINY_FRAGMENT', 'SOURCE_ROUTE', 'first', 'later', 'whole'];
    expect([...seen].sort()).toEqual([...common, ...(family === 6 ? ['INVALID_ADDRESS', 'INVALID_EXTENSION'] : [])].sort());
  });

  it('never fails on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: shortest(family), maxLength: 200 }), (packet) => {
        expect(parse(packet, family)).toEqual(readPacket(packet, family));
      }),
      { numRuns: 1000 },
    );
  });
});
