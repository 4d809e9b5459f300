import { expect, it } from 'vitest';
import { decode, encode, flag, integer, list, map, message, text } from './protobuf.ts';

const inner = { name: text(1), attempt: integer(4) };
const outer = { id: text(1), inner: message(2, inner), all: list(message(3, inner)), labels: map(6), ready: flag(15), big: integer(16) };

it('writes what the format says', () => {
  // field 1, wire type 2, three bytes; the second is the number 300 of the format's own description
  expect(encode(inner, { name: 'web', attempt: 300 }).toString('hex')).toBe(`0a03${Buffer.from('web').toString('hex')}20ac02`);
  expect(encode(outer, { id: '', ready: false, labels: {}, all: [] })).toHaveLength(0);
});

it('reads what it writes', () => {
  const value = {
    id: 'x',
    inner: { name: 'a', attempt: 1 },
    all: [
      { name: 'b', attempt: 0 },
      { name: '', attempt: 2 },
    ],
    labels: { app: 'web', '': '' },
    ready: true,
    big: 2 ** 40,
  };
  expect(decode(outer, encode(outer, value))).toEqual(value);
});

it('passes over what it does not know, and fills what is missing', () => {
  const bytes = encode({ ...inner, more: text(9), number: integer(10) }, { name: 'web', more: 'x', number: 7 });
  // field 11: fixed 32 bits; field 12: fixed 64 bits
  const fixed = Buffer.from([(11 << 3) | 5, 1, 2, 3, 4, (12 << 3) | 1, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(decode(inner, Buffer.concat([bytes, fixed]))).toEqual({ name: 'web', attempt: 0 });
  expect(decode(outer, Buffer.alloc(0))).toEqual({ id: '', inner: undefined, all: [], labels: {}, ready: false, big: 0 });
});

it('refuses a message that was cut short', () => {
  const bytes = encode(inner, { name: 'web', attempt: 300 });
  for (const end of [1, 3, bytes.length - 1]) expect(() => decode(inner, bytes.subarray(0, end))).toThrow(RangeError);
});
