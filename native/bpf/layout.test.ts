import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  array,
  be16,
  be32,
  be64,
  bytes,
  i8,
  i16,
  i32,
  i64,
  type LayoutValue,
  nested,
  scalar,
  struct,
  u8,
  u16,
  u32,
  u64,
  zero,
} from './layout.ts';

const inner = struct('inner', 4, { port: be16(0), pad: zero(2, 2) });
const sample = struct('sample', 48, {
  identity: be32(0),
  flags: u16(4),
  family: u8(6),
  delta: i8(7),
  packets: u64(8),
  mac: bytes(16, 6),
  short: i16(22),
  peer: nested(24, inner),
  counts: array(28, 2, u32),
  big: be64(36),
  pad: zero(44, 4),
});

const value: LayoutValue<typeof sample> = {
  identity: 0x01020304,
  flags: 0xfffe,
  family: 6,
  delta: -1,
  packets: 2n ** 64n - 1n,
  mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  short: -2,
  peer: { port: 443 },
  counts: [7, 8],
  big: 1n,
};

describe('struct', () => {
  it('puts each field where the C struct has it, network order where said', () => {
    const raw = sample.encode(value);
    expect(Buffer.from(raw.subarray(0, 4)).toString('hex')).toBe('01020304');
    expect(Buffer.from(raw.subarray(16, 22)).toString('hex')).toBe('020000000001');
    expect(Buffer.from(raw.subarray(24, 28)).toString('hex')).toBe('01bb0000');
    expect(Buffer.from(raw.subarray(36, 48)).toString('hex')).toBe('000000000000000100000000');
    expect(new Uint16Array(raw.buffer, 4, 1)[0]).toBe(0xfffe);
    expect(new BigUint64Array(raw.buffer, 8, 1)[0]).toBe(2n ** 64n - 1n);
  });

  it('reads back what it wrote, also from inside a larger buffer', () => {
    expect(sample.decode(sample.encode(value))).toEqual(value);
    const larger = new Uint8Array(64);
    larger.set(sample.encode(value), 5);
    expect(sample.decode(larger.subarray(5, 53))).toEqual(value);
  });

  it('has no property for padding', () => {
    expectTypeOf<LayoutValue<typeof inner>>().toEqualTypeOf<{ port: number }>();
    expect(inner.decode(Uint8Array.of(0, 80, 9, 9))).toEqual({ port: 80 });
  });

  it('names the struct and the field of a value that does not fit', () => {
    expect(() => sample.encode({ ...value, flags: 65536 })).toThrow('encode sample.flags: 65536 is no integer from 0 to 65535');
    expect(() => sample.encode({ ...value, mac: new Uint8Array(5) })).toThrow('encode sample.mac: has 5 bytes, not 6');
    expect(() => sample.encode({ ...value, packets: -1n })).toThrow('encode sample.packets: -1 is no bigint');
    expect(() => sample.encode({ ...value, packets: 1 as unknown as bigint })).toThrow('encode sample.packets: 1 is no bigint');
    expect(() => sample.encode({ ...value, counts: [1] })).toThrow('encode sample.counts: has 1 elements, not 2');
    expect(() => sample.encode({ ...value, peer: { port: 1.5 } })).toThrow('encode sample.peer: encode inner.port: 1.5 is no integer');
    expect(() => inner.encode({} as { port: number })).toThrow('encode inner.port: no value');
  });

  it('refuses bytes of another length', () => {
    expect(() => inner.decode(new Uint8Array(3))).toThrow('decode inner: 3 bytes, not 4');
    expect(() => inner.decode(new Uint8Array(5))).toThrow('decode inner: 5 bytes, not 4');
  });

  it('refuses a member outside the struct', () => {
    expect(() => struct('bad', 4, { late: u32(1) })).toThrow('lay out bad: late ends after byte 4');
  });

  it('keeps every value of every width', () => {
    const all = struct('all', 40, {
      a: u8(0),
      b: i8(1),
      c: u16(2),
      d: u32(4),
      e: i32(8),
      f: be32(12),
      g: u64(16),
      h: i64(24),
      i: be64(32),
    });
    const integer = (min: number, max: number) => fc.integer({ min, max });
    const record = fc.record({
      a: integer(0, 255),
      b: integer(-128, 127),
      c: integer(0, 65535),
      d: integer(0, 0xffffffff),
      e: integer(-0x80000000, 0x7fffffff),
      f: integer(0, 0xffffffff),
      g: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      h: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      i: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    });
    fc.assert(
      fc.property(record, (one) => {
        expect(all.decode(all.encode(one))).toEqual(one);
      }),
    );
  });
});

describe('scalar', () => {
  it('is a bare number', () => {
    const port = scalar('__be16', be16);
    expect(port.encode(80)).toEqual(Uint8Array.of(0, 80));
    expect(port.decode(Uint8Array.of(1, 187))).toBe(443);
    expect(() => port.encode(65536)).toThrow('encode __be16.value: 65536 is no integer');
    expect(() => port.decode(new Uint8Array(3))).toThrow('decode __be16: 3 bytes, not 2');
  });
});
