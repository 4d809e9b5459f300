import { describe, expect, it } from 'vitest';
import { addressAt, familyOf, formatPrefix, parsePrefix } from './address.ts';

describe('prefixes', () => {
  it.each([
    ['10.1.2.3/24', '10.1.2.0/24', '10.1.2.1'],
    ['0.0.0.0/0', '0.0.0.0/0', '0.0.0.1'],
    ['2001:db8:0:5::9/64', '2001:db8:0:5::/64', '2001:db8:0:5::1'],
    ['::ffff:10.0.0.0/112', '::ffff:a00:0/112', '::ffff:a00:1'],
    ['fe80::/10', 'fe80::/10', 'fe80::1'],
  ])('reads %s as %s with first address %s', (text, prefix, first) => {
    expect(formatPrefix(parsePrefix(text))).toBe(prefix);
    expect(addressAt(parsePrefix(text), 1)).toBe(first);
  });

  it.each(['10.0.0.0', '10.0.0.0/33', 'fd00::/129', '10.0.0/8', 'x/8', '10.0.0.0/'])('refuses %s', (text) => {
    expect(() => parsePrefix(text)).toThrow(expect.objectContaining({ code: 'BAD_ADDRESS' }));
  });

  it('refuses an address outside the prefix', () => {
    expect(() => addressAt(parsePrefix('10.0.0.0/30'), 4)).toThrow('take address 4 of 10.0.0.0/30: outside');
  });

  it('tells the family of an address with or without length', () => {
    expect([familyOf('10.0.0.1/8'), familyOf('fd00::1')]).toEqual([4, 6]);
  });
});
