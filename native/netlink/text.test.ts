import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EncodeError } from './errors.ts';
import { formatIp, formatMac, formatPrefix, networkOf, parseIp, parseMac, parsePrefix } from './text.ts';

describe('addresses', () => {
  it.each([
    ['10.0.0.1', '0a000001'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['fe80::1:0:0:1', 'fe800000000000000001000000000001'],
    ['2001:db8::1:1:1:1:1', '20010db8000000010001000100010001'],
    ['::ffff:10.0.0.1', '00000000000000000000ffff0a000001'],
    ['fd00:0:0:1::', 'fd000000000000010000000000000000'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
  ])('%s', (text, hex) => {
    expect(Buffer.from(parseIp(text)).toString('hex')).toBe(hex);
    // RFC 5952, 4.2.2: a single zero group is not shortened.
    expect(formatIp(parseIp(text))).toBe(text === '2001:db8::1:1:1:1:1' ? '2001:db8:0:1:1:1:1:1' : text);
  });

  it.each(['', '10.0.0', '10.0.0.256', 'fe80::1%eth0', 'fe80::1::2', 'default', '10.0.0.1/8'])('refuses "%s"', (text) => {
    expect(() => parseIp(text)).toThrow(EncodeError);
  });

  it('takes and refuses exactly what node:net does, zones aside', () => {
    const piece = fc.constantFrom(
      '0',
      '1',
      '7',
      '12',
      '099',
      '255',
      '256',
      'a',
      'FFFF',
      '00000',
      'g',
      '.',
      '.',
      ':',
      ':',
      ':',
      '::',
      '-',
      ' ',
    );
    const text = fc.array(piece, { maxLength: 18 }).map((pieces) => pieces.join(''));
    const groups = fc.array(fc.constantFrom('0', 'ab', '1.2.3.4', '', 'fffff'), { maxLength: 9 }).map((all) => all.join(':'));
    fc.assert(
      fc.property(fc.oneof(text, groups), (candidate) => {
        const taken = isIP(candidate) !== 0;
        if (taken) expect(parseIp(candidate)).toHaveLength(isIP(candidate) === 4 ? 4 : 16);
        else expect(() => parseIp(candidate)).toThrow(EncodeError);
      }),
      { numRuns: 3000 },
    );
  });

  it('gives text for any bytes that is read as the same bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), sparse), (bytes) => {
        expect(isIP(formatIp(bytes))).toBe(bytes.length === 4 ? 4 : 6);
        expect(parseIp(formatIp(bytes))).toEqual(bytes);
      }),
    );
  });

  it('reads prefixes, and bare addresses as hosts', () => {
    expect(parsePrefix('10.0.0.0/24')).toMatchObject({ family: 4, length: 24 });
    expect(parsePrefix('fd00::1')).toMatchObject({ family: 6, length: 128 });
    expect(formatPrefix(Uint8Array.of(10, 0, 0, 0), 8)).toBe('10.0.0.0/8');
    for (const text of ['10.0.0.0/33', '10.0.0.0/', 'fd00::/129', '10.0.0.0/-1', '10.0.0.0/2x'])
      expect(() => parsePrefix(text)).toThrow(EncodeError);
  });

  it('reads and writes MAC addresses', () => {
    expect(formatMac(parseMac('02:AB:00:00:00:01'))).toBe('02:ab:00:00:00:01');
    for (const text of ['', '02:00:00:00:00', '02-00-00-00-00-01', '02:00:00:00:00:0g']) expect(() => parseMac(text)).toThrow(EncodeError);
  });
});

/** Sixteen bytes with many zeros, where the short forms of RFC 5952 are. */
const sparse = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat(255)), { minLength: 16, maxLength: 16 })
  .map((bytes) => Uint8Array.from(bytes));

it.each([
  ['10.1.2.5/24', '10.1.2.0/24'],
  ['10.1.2.255/25', '10.1.2.128/25'],
  ['10.1.2.5/0', '0.0.0.0/0'],
  ['10.1.2.5/32', '10.1.2.5/32'],
  ['fd00:1::5/64', 'fd00:1::/64'],
  ['fd00::ffff:1/113', 'fd00::ffff:0/113'],
  ['fd00:0:0:1:ffff::1/67', 'fd00:0:0:1:e000::/67'],
  ['::ffff:10.1.2.5/120', '::ffff:10.1.2.0/120'],
  ['2001:db8:0:0:1:0:0:1/128', '2001:db8::1:0:0:1/128'],
])('the network of %s is %s', (text, network) => expect(networkOf(text)).toBe(network));

it.each(['10.1.2/24', 'fd00:::1/64', '10.1.2.5/33', ''])('%j has no network', (text) => expect(() => networkOf(text)).toThrow(EncodeError));
