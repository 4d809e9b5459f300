import { describe, expect, it } from 'vitest';
import { nullPaths, resultProblems } from './schema.ts';

const eth0 = { name: 'eth0', mac: '02:00:00:00:00:01', sandbox: '/run/netns/a' };
const lists = { interfaces: [eth0], ips: [{ address: '10.0.0.2/24', gateway: '10.0.0.1', interface: 0 }], routes: [{ dst: '0.0.0.0/0' }] };
const old = { ...lists, ips: [{ version: '4', ...lists.ips[0] }] };
const families = {
  ip4: { ip: '10.0.0.2/24', gateway: '10.0.0.1', routes: [{ dst: '0.0.0.0/0', gw: '10.0.0.1' }] },
  ip6: { ip: 'fd00::2/64' },
};

describe('results that conform', () => {
  it.each([
    ['0.1.0', families],
    ['0.2.0', { ...families, dns: { nameservers: ['10.0.0.1'] } }],
    ['0.3.0', old],
    ['0.4.0', { ...old, dns: {} }],
    ['1.0.0', lists],
    ['1.0.0', {}],
    ['1.1.0', { ...lists, interfaces: [{ ...eth0, mtu: 1500, socketPath: '/run/s', pciID: '0000:00:1f.6' }] }],
    ['1.1.0', { ...lists, routes: [{ dst: 'fd00::/8', gw: 'fd00::1', mtu: 1400, advmss: 1360, priority: 100, table: 50, scope: 0 }] }],
  ])('%s %j', (version, result) => {
    expect(resultProblems({ cniVersion: version, ...result }, version)).toEqual([]);
  });
});

describe('results that do not', () => {
  it.each([
    ['1.0.0', { cniVersion: '0.4.0' }, 'cniVersion is "0.4.0", not 1.0.0'],
    ['1.0.0', { cniVersion: undefined }, 'cniVersion is missing, not 1.0.0'],
    ['0.1.0', {}, 'neither ip4 nor ip6'],
    ['0.2.0', { ...families, ips: [] }, 'ips came with 0.3.0'],
    ['0.2.0', { ip4: { ip: '10.0.0.2' } }, 'ip4.ip is "10.0.0.2", not an IPv4 address with prefix length'],
    ['0.2.0', { ip6: { ip: '10.0.0.2/24' } }, 'ip6.ip is "10.0.0.2/24", not an IPv6 address with prefix length'],
    ['0.4.0', lists, 'ips[0].version is missing, not "4"'],
    ['0.4.0', { ...old, ip4: {} }, 'ip4 is of versions before 0.3.0'],
    ['0.3.1', { ips: [{ version: '6', address: '10.0.0.2/24' }] }, 'ips[0].version is "6", not "4"'],
    ['1.0.0', old, 'ips[0].version is "4": 1.0.0 has no such field'],
    ['1.0.0', { ...lists, ips: [{ address: '10.0.0.2/24', interface: 1 }] }, 'ips[0].interface is 1, and there are 1 interfaces'],
    ['1.0.0', { ...lists, ips: [{ address: '10.0.0.2/24', interface: -1 }] }, 'ips[0].interface is -1, and there are 1 interfaces'],
    ['1.0.0', { ips: [{ address: '10.0.0.2/33' }] }, 'ips[0].address is "10.0.0.2/33", not an address with prefix length'],
    ['1.0.0', { ips: [{ address: '10.0.0.2/24', gateway: 'fd00::1' }] }, 'ips[0].gateway is "fd00::1", not an IPv4 address'],
    ['1.0.0', { interfaces: [{ mac: 'x' }] }, 'interfaces[0].name is missing, not a name'],
    ['1.0.0', { interfaces: {} }, 'interfaces is not a list'],
    ['1.0.0', { routes: [{ dst: '10.0.0.0/8', gw: 'fd00::1' }] }, 'routes[0].gw is "fd00::1", not an IPv4 address'],
    ['1.1.0', { interfaces: [{ name: 'eth0', mtu: '1500' }] }, 'interfaces[0].mtu is "1500", not a whole number'],
    ['1.1.0', { routes: [{ dst: '::/0', scope: 1.5 }] }, 'routes[0].scope is 1.5, not a whole number'],
    ['1.0.0', { dns: { search: 'local' } }, 'dns.search is not a list of strings'],
  ])('%s %j: %s', (version, result, problem) => {
    expect(resultProblems({ cniVersion: version, ...result }, version)).toEqual([problem]);
  });

  it.each([[], null, 'text'])('%j', (result) => {
    expect(resultProblems(result, '1.0.0')).toEqual(['the result is not an object']);
  });
});

it('finds nulls wherever they are', () => {
  expect(nullPaths({ a: null, b: [{ c: null }, 1], d: { e: { f: null } }, g: 'null' })).toEqual(['a', 'b[0].c', 'd.e.f']);
});
