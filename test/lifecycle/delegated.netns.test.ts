import { describe, expect, it } from 'vitest';
import { attachmentOf, CniError, expectNoChange, parseNetwork, ping, tcpEcho } from '../../test-harness/index.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

/** axoneme with another plugin for the addresses; 1.0.0 is the newest version that the reference plugins of Debian 12 speak. */
function network(ipam: object, cniVersion = '1.0.0') {
  return parseNetwork(JSON.stringify({ cniVersion, name: 'net', plugins: [{ type: 'axoneme-cni', ipam }] }));
}

const hostLocal = {
  type: 'host-local',
  ranges: [[{ subnet: '10.0.9.0/24', rangeStart: '10.0.9.10', rangeEnd: '10.0.9.11' }], [{ subnet: 'fd00::900/120' }]],
};

describe('addresses of an IPAM plugin', () => {
  let site: TestNode;
  sharedFixture(async () => {
    site = await TestNode.open({ network: network(hostLocal) });
    const { pod } = await site.add('first');
    await site.delete(pod);
    return site;
  });

  const reserved = async () =>
    (await site.node.run(['ls', '/var/lib/cni/networks/net'])).split('\n').filter((name) => /^(10\.|fd)/.test(name));

  it('of host-local are the pods’, who reach each other, the node and the outside by both families', async () => {
    const before = await site.state();
    const { pod: a, result } = await site.add('a');
    const { pod: b } = await site.add('b');
    expect(result.ips?.[0]?.address).toMatch(/^10\.0\.9\.1[01]\/24$/);
    expect(result.ips?.[1]?.address).toMatch(/^fd00::9..?\/120$/);
    for (const family of [4, 6] as const) {
      expect(await tcpEcho(a, b, { family })).toMatchObject({ reached: true });
      expect(await tcpEcho(a, site.outside, { family })).toMatchObject({ reached: true });
      expect(await tcpEcho(site.outside, b, { family })).toMatchObject({ reached: true });
      expect(await ping(site.node, a, { family })).toMatchObject({ reached: true });
    }
    await site.runtime.check(site.network, attachmentOf(a));
    const endpoints = JSON.parse(await site.cli('endpoint', 'list', '-o', 'json')) as { ipv4: { pool: string } }[];
    expect(endpoints.map(({ ipv4 }) => ipv4.pool)).toEqual(['delegated', 'delegated']);
    await site.delete(a);
    await site.delete(b);
    expect(await reserved()).toEqual([]);
    const after = await site.state();
    expectNoChange(before.node, after.node);
    expect(after.tables).toEqual(before.tables);
  });

  it('stay through a restart of the daemon', async () => {
    const { pod } = await site.add('lasting');
    await site.daemon.stop('SIGTERM');
    await site.restart();
    expect(await ping(site.node, pod)).toMatchObject({ reached: true });
    await site.runtime.check(site.network, attachmentOf(pod));
    await site.delete(pod);
  });

  it('are refused when it has none, in its own words, and nothing is left', async () => {
    const { pod: a } = await site.add('a');
    const { pod: b } = await site.add('b');
    const before = await site.state();
    const pod = await site.node.addPod('late');
    const refusal = (await site.runtime.add(site.network, attachmentOf(pod)).catch((error: unknown) => error)) as CniError;
    expect(refusal).toBeInstanceOf(CniError);
    expect(refusal.msg).toContain('no IP addresses available in range');
    await site.node.removePod(pod);
    expect((await site.state()).tables).toEqual(before.tables);
    await site.delete(a);
    await site.delete(b);
    expect(await reserved()).toEqual([]);
  });

  it('of a live pod survive a second ADD, which is refused', async () => {
    const { pod } = await site.add('alive');
    const had = await reserved();
    await expect(site.runtime.add(site.network, attachmentOf(pod))).rejects.toMatchObject({ code: 102 });
    expect(await reserved()).toEqual(had);
    expect(await tcpEcho(pod, site.outside)).toMatchObject({ reached: true });
    await site.delete(pod);
  });

  it('of a plugin that is not there are refused', async () => {
    const pod = await site.node.addPod('lost');
    const lost = site.runtime.add(network({ type: 'no-such-ipam' }), attachmentOf(pod));
    await expect(lost).rejects.toMatchObject({ code: 109, msg: expect.stringContaining('no-such-ipam') });
    await site.node.removePod(pod);
  });

  it('of static and its routes are taken, and refused to a second pod', async () => {
    const fixed = network({
      type: 'static',
      addresses: [{ address: '10.0.9.77/24', gateway: '10.0.9.1' }],
      routes: [{ dst: '10.0.0.0/16' }],
      dns: { nameservers: ['10.0.0.53'] },
    });
    const pod = await site.node.addPod('fixed');
    const result = await site.runtime.add(fixed, attachmentOf(pod));
    expect(result.routes?.map(({ dst }) => dst)).toEqual([expect.stringMatching(/\/32$/), '10.0.9.0/24', '10.0.0.0/16']);
    expect(result.dns).toEqual({ nameservers: ['10.0.0.53'] });
    expect(await ping(site.node, pod, { family: 4 })).toMatchObject({ reached: true });
    await site.runtime.check(fixed, attachmentOf(pod));
    const twin = await site.node.addPod('twin');
    await expect(site.runtime.add(fixed, attachmentOf(twin))).rejects.toMatchObject({ code: 101 });
    await site.runtime.del(fixed, attachmentOf(pod));
  });
});
