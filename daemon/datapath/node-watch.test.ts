import { describe, expect, it } from 'vitest';
import type { Address, RtnetlinkEvent } from '../../native/index.ts';
import { ownAddresses } from './host-device.ts';
import { nodeItemNames } from './node-items.ts';
import { concernsOf } from './node-watch.ts';

const HOST = 4;
const concerns = { host: HOST, net: 5, wantsRoute: (destination: string) => destination === '10.0.0.0/24' };
const ofHost = ['host-device', 'host-sysctls', 'router-addresses', 'routes', 'host-programs'];

const link = (name: string, action: 'new' | 'delete' = 'new', ifindex = 9) =>
  ({ kind: 'link', action, value: { name, ifindex } }) as RtnetlinkEvent;
const route = (destination: string, action: 'new' | 'delete' = 'new', ifindex = 9) =>
  ({ kind: 'route', action, value: { destination, ifindex } }) as RtnetlinkEvent;
const address = (ifindex: number) => ({ kind: 'address', value: { ifindex } }) as RtnetlinkEvent;
const netconf = (ifindex: number) =>
  ({ kind: 'netconf', action: 'new', value: { family: 4, ifindex, forwarding: false } }) as RtnetlinkEvent;

describe('the parts of the node that an event concerns', () => {
  it.each([
    ['a device', link('eth0'), ['native-devices']],
    ['the end of a device', link('eth0', 'delete'), ['native-devices']],
    ["a pod's device", link('lxc0123456789'), []],
    ["a deleted pod's device", link('axd9'), []],
    ['axo_host', link('axo_host'), ofHost],
    ['axo_host under another name', link('host0', 'new', HOST), ofHost],
    ['the end of axo_net', link('axo_net', 'delete'), ofHost],
    ['a default route', route('default'), ['native-devices']],
    ['another route', route('10.9.0.0/24'), []],
    ['a route of ours that is there', route('10.0.0.0/24', 'new', HOST), []],
    ['a route of ours that is gone', route('10.0.0.0/24', 'delete', HOST), ['routes']],
    ['a route of ours to another device', route('10.0.0.0/24'), ['routes']],
    ['an address', address(9), ['node-rows']],
    ['an address of axo_host', address(HOST), ['router-addresses', 'node-rows']],
    ['a sysctl of axo_host', netconf(HOST), ['host-sysctls']],
    ['a sysctl of another device', netconf(9), []],
    ['lost events', { kind: 'resync' } as RtnetlinkEvent, nodeItemNames],
    ['a neighbour', { kind: 'neighbour' } as RtnetlinkEvent, []],
  ])('%s', (_what, event, expected) => {
    expect(concernsOf(event, concerns)).toEqual(expected);
  });
});

describe("the node's own addresses", () => {
  const own = (text: string, scope = 'global', changes: object = {}) => ({ address: text, scope, dadFailed: false, ...changes }) as Address;

  it('are those of global scope, once, without their length', () => {
    const all = [own('192.0.2.2/24'), own('192.0.2.2/32'), own('fd00::1/128'), own('127.0.0.1/8', 'host')];
    expect(ownAddresses([...all, own('fe80::1/64', 'link')])).toEqual(['192.0.2.2', 'fd00::1']);
  });

  it('leave out what failed duplicate detection', () => {
    expect(ownAddresses([own('2001:db8::1/64', 'global', { dadFailed: true })])).toEqual([]);
  });
});
