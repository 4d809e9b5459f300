import { describe, expect, it } from 'vitest';
import type { Address, RtnetlinkEvent } from '../../native/index.ts';
import { concernsNode, ownAddresses } from './node-watch.ts';

const link = (name: string, action: 'new' | 'delete' = 'new') => ({ kind: 'link', action, value: { name } }) as RtnetlinkEvent;
const route = (destination: string) => ({ kind: 'route', action: 'new', value: { destination } }) as RtnetlinkEvent;

describe('what calls for a pass over the node', () => {
  it.each([
    ['a device', link('eth0'), true],
    ['the end of a device', link('eth0', 'delete'), true],
    ["a pod's device", link('lxc0123456789'), false],
    ['our own leg', link('axo_host'), false],
    ['the end of our own leg', link('axo_host', 'delete'), true],
    ['a default route', route('default'), true],
    ['another route', route('10.0.0.0/24'), false],
    ['an address', { kind: 'address' } as RtnetlinkEvent, true],
    ['lost events', { kind: 'resync' } as RtnetlinkEvent, true],
    ['a neighbour', { kind: 'neighbour' } as RtnetlinkEvent, false],
  ])('%s: %s', (_what, event, expected) => {
    expect(concernsNode(event)).toBe(expected);
  });
});

describe("the node's own addresses", () => {
  const address = (text: string, scope = 'global', changes: object = {}) =>
    ({ address: text, scope, dadFailed: false, ...changes }) as Address;

  it('are those of global scope, once, without their length', () => {
    const all = [address('192.0.2.2/24'), address('192.0.2.2/32'), address('fd00::1/128'), address('127.0.0.1/8', 'host')];
    expect(ownAddresses([...all, address('fe80::1/64', 'link')])).toEqual(['192.0.2.2', 'fd00::1']);
  });

  it('leave out what failed duplicate detection', () => {
    expect(ownAddresses([address('2001:db8::1/64', 'global', { dadFailed: true })])).toEqual([]);
  });
});
