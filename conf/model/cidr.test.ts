import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, formatCidr, formatIp, lastOf, overlaps, parseCidr, parseIp } from './cidr.ts';

const address = fc.oneof(fc.ipV4(), fc.ipV6());
const ipv4Network = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([ip, length]) => `${ip}/${length}`);
const ipv6Network = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })).map(([ip, length]) => `${ip}/${length}`);
const network = fc.oneof(ipv4Network, ipv6Network);

describe('parseIp and parseCidr', () => {
  it.each(['', '10.0.0', '10.0.0.256', '010.0.0.1', '1.2.3.4.5', ':::', 'fe80::1%eth0', '10.0.0.0/8', ' 10.0.0.1', 'a'])(
    '%j is no address',
    (text) => {
      expect(parseIp(text)).toBeUndefined();
    },
  );

  it.each(['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/', '/8', 'fd00::/129', '10.0.0.0/8/8', '10.0.0.0/ 8'])(
    '%j is no network',
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
    },
  );

  it('agree with the platform on what is an address', () => {
    fc.assert(
      fc.property(fc.oneof(address, fc.string({ maxLength: 12 })), (text) => {
        expect(parseIp(text)?.family ?? 0).toBe(text.includes('%') ? 0 : isIP(text));
      }),
    );
  });

  it('read what they write', () => {
    fc.assert(
      fc.property(network, address, (cidr, ip) => {
        const [parsed, value] = [parseCidr(cidr), parseIp(ip)];
        if (!parsed || !value) throw new Error(`read ${cidr} and ${ip}: refused`);
        expect(parseCidr(formatCidr(parsed))).toEqual({ ...parsed, isExact: true });
        expect(parseIp(formatIp(value))).toEqual(value);
      }),
    );
  });

  it('tell 10.0.0.1/8 from 10.0.0.0/8', () => {
    expect(parseCidr('10.0.0.1/8')).toEqual({ family: 4, first: 10n << 24n, length: 8, isExact: false });
  });

  it('take an address for a network of itself', () => {
    expect(parseCidr('10.0.0.1')).toEqual(parseCidr('10.0.0.1/32'));
    expect(parseCidr('fd00::1')).toEqual(parseCidr('fd00::1/128'));
  });
});

describe('contains and overlaps', () => {
  it('agree with the platform about addresses in networks', () => {
    fc.assert(
      fc.property(ipv4Network, fc.ipV4(), (cidr, ip) => {
        const [net = '', length = ''] = cidr.split('/');
        const list = new BlockList();
        list.addSubnet(net, Number(length));
        const [outer, inner] = [parseCidr(cidr), parseCidr(ip)];
        expect(outer && inner && contains(outer, inner)).toBe(list.check(ip));
      }),
    );
  });

  it('agree with the ranges of both networks', () => {
    fc.assert(
      fc.property(network, network, (a, b) => {
        const [x, y] = [parseCidr(a), parseCidr(b)];
        if (!x || !y) throw new Error(`read ${a} and ${b}: refused`);
        const share = x.family === y.family && x.first <= lastOf(y) && y.first <= lastOf(x);
        expect(overlaps(x, y)).toBe(share);
        expect(contains(x, y)).toBe(share && x.first <= y.first && lastOf(y) <= lastOf(x));
      }),
    );
  });
});
