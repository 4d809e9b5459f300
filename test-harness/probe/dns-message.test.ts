import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeAnswer, decodeQuestion, encodeAnswer, encodeQuestion, type RecordType } from './dns-message.ts';

/** Bytes by hand after RFC 1035, section 4.1. */
const QUERY = '1234' + '0100' + '0001000000000000' + '03777777' + '076578616d706c65' + '00' + '0001' + '0001';

it('writes a query as RFC 1035 does', () => {
  expect(Buffer.from(encodeQuestion(0x1234, 'www.example', 'A')).toString('hex')).toBe(QUERY);
  expect(decodeQuestion(Buffer.from(QUERY, 'hex'))).toEqual({ id: 0x1234, name: 'www.example', type: 'A' });
});

it.each<[RecordType, string[]]>([
  ['A', ['192.0.2.1', '10.0.0.255']],
  ['AAAA', ['2001:db8::1', '::1']],
  ['TXT', ['any words']],
  ['CNAME', ['other.example']],
  ['PTR', ['host.example']],
])('reads back records of type %s', (type, records) => {
  const asked = { id: 7, name: 'a.b', type };
  expect(decodeAnswer(encodeAnswer(asked, records), type)).toEqual({ id: 7, code: 'NOERROR', records });
});

it('tells a name that is not there, and passes over records of other types', () => {
  const asked = { id: 7, name: 'a.b', type: 'A' } as const;
  expect(decodeAnswer(encodeAnswer(asked, undefined), 'A')).toEqual({ id: 7, code: 'NXDOMAIN', records: [] });
  expect(decodeAnswer(encodeAnswer(asked, ['10.0.0.1']), 'AAAA').records).toEqual([]);
});

it('refuses what is cut short or runs in circles, never hangs', () => {
  const whole = Buffer.from(encodeAnswer({ id: 1, name: 'a.b', type: 'A' }, ['10.0.0.1']));
  for (let size = 0; size < whole.length; size += 1) expect(() => decodeAnswer(whole.subarray(0, size), 'A')).toThrow(RangeError);
  const circle = Buffer.from(whole);
  circle.writeUInt16BE(0xc000 | 21, 21);
  expect(() => decodeAnswer(circle, 'A')).toThrow(RangeError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      try {
        decodeAnswer(bytes, 'A');
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
});
