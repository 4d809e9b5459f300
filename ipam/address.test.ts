import { describe, expect, it } from 'vitest';
import { formatAddress, formatCidr, parseAddress, parseCidr, parseExclusion } from './address.ts';

describe('parseAddress', () => {
  it.each([
    ['10.0.0.1', 4, '10.0.0.1'],
    ['255.255.255.255', 4, '255.255.255.255'],
    ['FD00:0:0::A', 6, 'fd00::a'],
    ['::', 6, '::'],
  ] as const)('reads %s and writes it in canonical form', (text, family, canonical) => {
    const address = parseAddress(text);
    expect(address.family).toBe(family);
    expect(formatAddress(address.family, address.value)).toBe(canonical);
  });

  it.each(['', '10.0.0', '10.0.0.256', '010.0.0.1', '10.0.0.1/32', 'fd00::1%eth0', 'fd00:::1', ' 10.0.0.1', 'web-1'])(
    'refuses %j',
    (text) => {
      expect(() => parseAddress(text)).toThrow(`read address ${JSON.stringify(text)}: not an IPv4 or IPv6 address`);
    },
  );
});

describe('parseCidr', () => {
  it.each(['10.0.0.0/8', '172.20.42.0/29', '192.0.2.7/32', 'fd00::/104', '::/0'])('reads %s', (text) => {
    expect(formatCidr(parseCidr(text))).toBe(text);
  });

  it('names the network that was probably meant when host bits are set', () => {
    expect(() => parseCidr('10.0.0.1/8')).toThrow('read CIDR 10.0.0.1/8: bits are set after the prefix; the network is 10.0.0.0/8');
  });

  it.each(['10.0.0.0', '10.0.0.0/33', 'fd00::/129', 'fd00::', 'ten/8'])('refuses %j', (text) => {
    expect(() => parseCidr(text)).toThrow('not an IPv4 or IPv6 network');
  });
});

describe('parseExclusion', () => {
  it.each([
    ['10.0.0.5', '10.0.0.5', '10.0.0.5'],
    ['10.0.0.4/30', '10.0.0.4', '10.0.0.7'],
    ['10.0.0.5-10.0.0.9', '10.0.0.5', '10.0.0.9'],
    ['fd00::1 - fd00::ff', 'fd00::1', 'fd00::ff'],
  ])('reads %s', (text, first, last) => {
    const { family, interval } = parseExclusion(text);
    expect([formatAddress(family, interval.first), formatAddress(family, interval.last)]).toEqual([first, last]);
  });

  it.each(['10.0.0.9-10.0.0.5', '10.0.0.1-fd00::1', '10.0.0.0/24-10.0.1.0', '10.0.0.1-', 'x'])('refuses %j', (text) => {
    expect(() => parseExclusion(text)).toThrow('read exclusion');
  });
});
