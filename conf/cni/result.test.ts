import { expect, test } from 'vitest';
import { decodeResult, encodeResult } from './result.ts';
import type { CniResult } from './types.ts';
import { SUPPORTED_VERSIONS } from './versions.ts';

const full: CniResult = {
  interfaces: [
    { name: 'lxc0123456789', mac: '02:00:00:00:00:01', mtu: 1500 },
    { name: 'eth0', mac: '02:00:00:00:00:02', mtu: 1500, sandbox: '/run/netns/a' },
  ],
  ips: [
    { address: '10.0.0.5/32', gateway: '10.0.0.1', interface: 1 },
    { address: 'fd00::5/128', gateway: 'fd00::1', interface: 1 },
  ],
  routes: [
    { dst: '10.0.0.1/32', scope: 253 },
    { dst: '0.0.0.0/0', gw: '10.0.0.1', mtu: 1450 },
    { dst: '::/0', gw: 'fd00::1' },
  ],
  dns: { nameservers: ['10.0.0.10'] },
};

test('writes 1.1.0 with everything', () => {
  expect(encodeResult(full, '1.1.0')).toEqual({ cniVersion: '1.1.0', ...full });
});

test('writes 1.0.0 without what 1.1.0 brought', () => {
  expect(encodeResult(full, '1.0.0')).toEqual({
    cniVersion: '1.0.0',
    interfaces: [
      { name: 'lxc0123456789', mac: '02:00:00:00:00:01' },
      { name: 'eth0', mac: '02:00:00:00:00:02', sandbox: '/run/netns/a' },
    ],
    ips: full.ips,
    routes: [{ dst: '10.0.0.1/32' }, { dst: '0.0.0.0/0', gw: '10.0.0.1' }, { dst: '::/0', gw: 'fd00::1' }],
    dns: full.dns,
  });
});

test.each(['0.3.0', '0.3.1', '0.4.0'] as const)('writes %s with a family per address', (version) => {
  expect(encodeResult(full, version)).toMatchObject({
    cniVersion: version,
    ips: [
      { version: '4', address: '10.0.0.5/32', gateway: '10.0.0.1', interface: 1 },
      { version: '6', address: 'fd00::5/128', gateway: 'fd00::1', interface: 1 },
    ],
  });
  expect(JSON.stringify(encodeResult(full, version))).not.toContain('mtu');
});

test.each(['0.1.0', '0.2.0'] as const)('writes %s with one object per family', (version) => {
  expect(encodeResult(full, version)).toEqual({
    cniVersion: version,
    ip4: { ip: '10.0.0.5/32', gateway: '10.0.0.1', routes: [{ dst: '10.0.0.1/32' }, { dst: '0.0.0.0/0', gw: '10.0.0.1' }] },
    ip6: { ip: 'fd00::5/128', gateway: 'fd00::1', routes: [{ dst: '::/0', gw: 'fd00::1' }] },
    dns: full.dns,
  });
});

test('leaves out what is empty', () => {
  expect(encodeResult({ interfaces: [], ips: [], routes: [], dns: {} }, '1.1.0')).toEqual({ cniVersion: '1.1.0' });
});

test('cannot write 0.2.0 without an address', () => {
  expect(() => encodeResult({ interfaces: [], ips: [], routes: [] }, '0.2.0')).toThrow('without addresses');
});

test.each(SUPPORTED_VERSIONS)('reads back what it wrote as %s', (version) => {
  const wire = JSON.parse(JSON.stringify(encodeResult(full, version)));
  expect(encodeResult(decodeResult(wire, version), version)).toEqual(wire);
  delete wire.cniVersion;
  expect(encodeResult(decodeResult(wire, version), version)).toMatchObject(wire);
});

test('takes empty strings and null of Go programs as nothing', () => {
  const result = decodeResult(
    { interfaces: [{ name: 'eth0', mac: '', sandbox: '' }], ips: null, routes: [{ dst: '0.0.0.0/0', gw: null }] },
    '1.0.0',
  );
  expect(result).toEqual({ interfaces: [{ name: 'eth0' }], ips: [], routes: [{ dst: '0.0.0.0/0' }] });
});

test.each([
  [[], 'read prevResult: [] is not an object'],
  [{ ips: {} }, 'read prevResult.ips: {} is not a list'],
  [{ ips: [{ address: 5 }] }, 'read prevResult.ips[0].address: 5 is not a string'],
  [{ ips: [{}] }, 'read prevResult.ips[0].address: is missing'],
  [{ ips: [{ address: '10.0.0.5/32', interface: 1 }], interfaces: [{ name: 'eth0' }] }, 'points at none of 1 interfaces'],
  [{ cniVersion: '7' }, 'read prevResult.cniVersion: "7" is not a supported version'],
])('refuses %j', (value, problem) => {
  expect(() => decodeResult(value, '1.0.0')).toThrow(problem);
});
