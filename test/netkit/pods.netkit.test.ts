import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NetworkNamespace, type Pod, pathMtu, ping, type Result, tcpEcho, udpEcho } from '../../test-harness/index.ts';
import { NARROW } from '../support/site-lab.ts';
import { NetkitNode } from './node.ts';

const routers = { 4: '10.0.0.1', 6: 'fd00::1' } as const;
const families = [4, 6] as const;

interface IpLink {
  readonly address: string;
  readonly mtu: number;
  readonly flags: readonly string[];
}

describe.each(['netkit', 'netkit-l2'] as const)('pods by %s', (mode) => {
  let site: NetkitNode;
  let web: Pod;
  let db: Pod;
  let result: Result;
  beforeAll(async () => {
    site = await NetkitNode.open(mode);
    ({ pod: web, result } = await site.add('web'));
    ({ pod: db } = await site.add('db'));
  });
  afterAll(() => site[Symbol.asyncDispose]());

  it('have the result that the kernel shows, and pass CHECK', async () => {
    const [link] = JSON.parse(await web.run(['ip', '-j', 'link', 'show', 'eth0'])) as [IpLink];
    expect(link.flags.includes('NOARP')).toBe(mode === 'netkit');
    expect(result.interfaces).toHaveLength(2);
    expect(result.interfaces?.[1]).toMatchObject({ name: 'eth0', mtu: link.mtu, ...(mode === 'netkit-l2' && { mac: link.address }) });
    for (const one of result.interfaces ?? []) expect('mac' in one).toBe(mode === 'netkit-l2');
    expect(await site.endpointOf(web)).toMatchObject({ device: mode, state: 'ready' });
    expect((await site.status()).datapath).toMatchObject({ deviceMode: mode, deviceReason: `bpf.datapathMode is ${mode}` });
    await site.check(web);
  });

  const pairs: readonly (readonly [string, () => readonly [NetworkNamespace, NetworkNamespace]])[] = [
    ['pod to pod', () => [web, db]],
    ['pod to node', () => [web, site.node]],
    ['node to pod', () => [site.node, web]],
    ['pod to outside', () => [web, site.outside]],
    ['outside to pod', () => [site.outside, web]],
  ];

  describe.each(families)('over IPv%i', (family) => {
    it.each(pairs)('carry ICMP, TCP and UDP from %s', async (_, ends) => {
      const [from, to] = ends();
      const timeout = 10_000;
      expect(await ping(from, to, { family, timeout })).toMatchObject({ reached: true });
      expect(await tcpEcho(from, to, { family, timeout, bytes: 1 << 16 })).toMatchObject({ reached: true });
      expect(await udpEcho(from, to, { family, timeout })).toMatchObject({ reached: true });
    });

    it('reach their router, and are told the MTU and the end of a way', async () => {
      expect(await ping(web, routers[family])).toMatchObject({ reached: true });
      expect(await pathMtu(web, site.outside, { family })).toBe(NARROW);
      expect(await ping(web, db, { family, ttl: 1 })).toMatchObject({ reached: false, errorFrom: routers[family] });
    });
  });

  it('need no neighbour where there is no layer 2: none is known, asked for or told', async () => {
    if (mode === 'netkit-l2') return;
    const dump = await web.run(['ip', '-j', 'neigh', 'show', 'nud', 'all']);
    const known = (JSON.parse(dump || '[]') as { dst: string; state: string[] }[]).filter(({ dst }) =>
      Object.values(routers).some((one) => one === dst),
    );
    expect(known.filter(({ state }) => !state.includes('NOARP'))).toEqual([]);
    const { drops } = await site.status();
    const talk = ['router solicitation', 'multicast listener', 'neighbour announced', 'unknown neighbour', 'duplicate address'];
    expect(drops.filter(({ reason }) => talk.includes(reason.toLowerCase()))).toEqual([]);
  });
});
