import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint, Status } from '../../conf/api/types.ts';
import { attachmentOf, type NetworkNamespace, type Pod, pathMtu, ping, type Result, tcpEcho, udpEcho } from '../../test-harness/index.ts';
import { NARROW, Site } from '../integration/site.ts';
import { dualStack } from '../support/axoneme.ts';

const routers = { 4: '10.0.0.1', 6: 'fd00::1' } as const;
const families = [4, 6] as const;

interface IpLink {
  readonly ifname: string;
  readonly address: string;
  readonly mtu: number;
  readonly flags: readonly string[];
}

describe.each(['netkit', 'netkit-l2'] as const)('pods by %s', (mode) => {
  let site: Site;
  let web: Pod;
  let db: Pod;
  let result: Result;
  beforeAll(async () => {
    site = await Site.open({ config: { ...dualStack, bpf: { datapathMode: mode } } });
    ({ pod: web, result } = await site.axoneme.add('web'));
    ({ pod: db } = await site.axoneme.add('db'));
  });
  afterAll(() => site[Symbol.asyncDispose]());

  const status = async () => JSON.parse(await site.axoneme.cli('status', '-o', 'json')) as Status;
  const endpointOf = async (pod: Pod) => {
    const all = JSON.parse(await site.axoneme.cli('endpoint', 'list', '-o', 'json')) as Endpoint[];
    return all.find(({ containerId }) => containerId === pod.containerId);
  };

  it('have the result that the kernel shows, and pass CHECK', async () => {
    const [link] = JSON.parse(await web.run(['ip', '-j', 'link', 'show', 'eth0'])) as [IpLink];
    expect(link.flags.includes('NOARP')).toBe(mode === 'netkit');
    expect(result.interfaces).toHaveLength(2);
    expect(result.interfaces?.[1]).toMatchObject({ name: 'eth0', mtu: link.mtu, ...(mode === 'netkit-l2' && { mac: link.address }) });
    for (const one of result.interfaces ?? []) expect('mac' in one).toBe(mode === 'netkit-l2');
    expect(await endpointOf(web)).toMatchObject({ device: mode, state: 'ready' });
    await site.axoneme.runtime.check(site.axoneme.network, attachmentOf(web));
    expect((await status()).datapath).toMatchObject({ deviceMode: mode, deviceReason: `bpf.datapathMode is ${mode}` });
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
      expect(await ping(from, to, { family })).toMatchObject({ reached: true });
      expect(await tcpEcho(from, to, { family, bytes: 1 << 16 })).toMatchObject({ reached: true });
      expect(await udpEcho(from, to, { family })).toMatchObject({ reached: true });
    });

    it('reach their router, and are told the MTU and the end of a way', async () => {
      expect(await ping(web, routers[family])).toMatchObject({ reached: true });
      expect(await pathMtu(web, site.outside, { family })).toBe(NARROW);
      expect(await ping(web, db, { family, ttl: 1 })).toMatchObject({ reached: false, errorFrom: routers[family] });
    });
  });
});
