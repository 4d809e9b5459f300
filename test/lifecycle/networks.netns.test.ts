import { describe, expect, it } from 'vitest';
import { attachmentOf, CniError, type Pod, parseNetwork, ping, tcpEcho, udpEcho } from '../../test-harness/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

const { operator } = dualStack.ipam;

/** axoneme with keys of its own, and plugins behind it; 1.0.0 is the newest version that the reference plugins of Debian 12 speak. */
function network(own: object, ...chained: object[]) {
  return parseNetwork(JSON.stringify({ cniVersion: '1.0.0', name: 'net', plugins: [{ type: 'axoneme-cni', ...own }, ...chained] }));
}

describe('a node with one family', () => {
  it.each([
    [4, { ipv4: { enabled: true }, ipv6: { enabled: false } }],
    [6, { ipv4: { enabled: false }, ipv6: { enabled: true } }],
  ] as const)('gives pods IPv%i and nothing else', async (family, families) => {
    await using site = await TestNode.open({ config: { ...dualStack, ...families } });
    const { pod, result } = await site.add('web');
    expect(result.ips).toHaveLength(1);
    expect((await pod.addresses()).length).toBe(1);
    expect(await ping(pod, site.node, { family })).toMatchObject({ reached: true });
    expect(await tcpEcho(pod, site.outside, { family })).toMatchObject({ reached: true });
    expect(await udpEcho(site.outside, pod, { family })).toMatchObject({ reached: true });
    await site.delete(pod);
  });
});

describe('addresses that a pod asks for', () => {
  let site: TestNode;
  sharedFixture(async () => {
    site = await TestNode.open({ network: network({ capabilities: { ips: true } }) });
    return site;
  });

  const ask = (pod: Pod, ips: readonly string[]) => site.runtime.add(site.network, attachmentOf(pod, { capabilityArgs: { ips } }));

  it('are given, work, and are refused to the next', async () => {
    const pod = await site.node.addPod('first');
    const result = await ask(pod, ['10.0.0.42', 'fd00::42']);
    expect(result.ips?.map((ip) => ip.address)).toEqual(['10.0.0.42/32', 'fd00::42/128']);
    expect(await tcpEcho(site.outside, pod)).toMatchObject({ reached: true });
    const other = await site.node.addPod('second');
    const refusal = await ask(other, ['10.0.0.42']).catch((error: unknown) => error as CniError);
    expect(refusal).toBeInstanceOf(CniError);
    expect(`${(refusal as CniError).msg} ${(refusal as CniError).details}`).toContain('10.0.0.42');
    await site.delete(pod);
    expect((await ask(other, ['10.0.0.42'])).ips?.[0]?.address).toBe('10.0.0.42/32');
    await site.delete(other);
  });

  it("are refused when they are nobody's to give", async () => {
    for (const address of ['10.0.0.0', '10.0.0.1', '10.0.0.255', '192.0.2.1']) {
      const pod = await site.node.addPod('greedy');
      await expect(ask(pod, [address]), address).rejects.toBeInstanceOf(CniError);
      await site.node.removePod(pod);
    }
  });
});

describe('a node whose first block fills', () => {
  const config = {
    ...dualStack,
    ipv6: { enabled: false },
    ipam: { ...dualStack.ipam, operator: { ...operator, clusterPoolIPv4PodCIDRList: ['10.0.0.0/24'], clusterPoolIPv4MaskSize: 29 } },
  };

  it('takes another block, and pods of both reach each other and the outside', async () => {
    await using site = await TestNode.open({ config });
    const pods = await site.pods(...Array.from({ length: 9 }, (_, i) => `pod${i}`));
    const [first, last] = [pods[0] as Pod, pods.at(-1) as Pod];
    expect(await last.address(4)).toMatch(/^10\.0\.0\.(9|1[0-4])$/);
    for (const [from, to] of [
      [first, last],
      [last, first],
      [last, site.node],
      [site.node, last],
      [site.outside, last],
    ] as const) {
      expect(await ping(from, to)).toMatchObject({ reached: true });
      expect(await tcpEcho(from, to)).toMatchObject({ reached: true });
    }
    await Promise.all(pods.map((pod) => site.delete(pod)));
  });
});

describe('several pools', () => {
  const autoCreateCiliumPodIPPools = {
    default: { ipv4: { cidrs: ['10.0.0.0/24'], maskSize: 28 } },
    blue: { ipv4: { cidrs: ['10.0.7.0/24'], maskSize: 29 } },
    tiny: { ipv4: { cidrs: ['10.0.8.0/30'], maskSize: 30 } },
  };
  const config = { ...dualStack, ipv6: { enabled: false }, ipam: { mode: 'multi-pool', operator: { autoCreateCiliumPodIPPools } } };

  it('give a pod the addresses that its network names', async () => {
    await using site = await TestNode.open({ config });
    const { runtime } = site;
    const [plain] = (await site.pods('plain')) as [Pod];
    const blue = await site.node.addPod('blue');
    const result = await runtime.add(network({ ipam: { pool: 'blue' } }), attachmentOf(blue));
    expect(result.ips?.[0]?.address).toMatch(/^10\.0\.7\./);
    expect(await tcpEcho(plain, blue)).toMatchObject({ reached: true });
    expect(await tcpEcho(site.outside, blue)).toMatchObject({ reached: true });
    const nowhere = await site.node.addPod('nowhere');
    await expect(runtime.add(network({ ipam: { pool: 'green' } }), attachmentOf(nowhere))).rejects.toThrow(/green/);
  });

  it('are judged apart by STATUS', async () => {
    await using site = await TestNode.open({ config });
    const { runtime } = site;
    const ready = async (pool: string) => {
      const conf = { cniVersion: '1.1.0', name: 'net', type: 'axoneme-cni', ipam: { pool } };
      const { code, stdout } = (await runtime.invoke('STATUS', 'axoneme-cni', conf)).result;
      return code === 0 ? 'ready' : JSON.parse(stdout).code;
    };
    expect(await ready('tiny')).toBe('ready');
    for (const name of ['a', 'b']) await runtime.add(network({ ipam: { pool: 'tiny' } }), attachmentOf(await site.node.addPod(name)));
    expect([await ready('tiny'), await ready('default'), await ready('green')]).toEqual([50, 'ready', 50]);
  });
});

describe('axoneme first in a chain of plugins', () => {
  let site: TestNode;
  sharedFixture(async () => {
    const chained = [{ type: 'tuning', capabilities: { mac: false }, sysctl: { 'net.ipv4.conf.eth0.log_martians': '1' } }];
    site = await TestNode.open({ network: network({}, ...chained) });
    return site;
  });

  it('is understood by the plugin behind it, from ADD to DEL', async () => {
    const { runtime, network: chain } = site;
    const before = await site.state();
    const { pod, result } = await site.add('web');
    expect(result.interfaces?.map((one) => one.name)).toEqual([expect.stringMatching(/^lxc[0-9a-f]{10}$/), 'eth0']);
    expect(await pod.run(['cat', '/proc/sys/net/ipv4/conf/eth0/log_martians'])).toBe('1\n');
    await runtime.check(chain, attachmentOf(pod));
    expect(await tcpEcho(pod, site.outside)).toMatchObject({ reached: true });
    await site.delete(pod);
    expect((await site.state()).tables).toEqual(before.tables);
  });

  it('is undone when the plugin behind it fails', async () => {
    const { runtime } = site;
    const broken = network({}, { type: 'tuning', sysctl: { 'net.ipv4.no_such_thing': '1' } });
    const before = await site.state();
    const pod = await site.node.addPod('unlucky');
    await expect(runtime.add(broken, attachmentOf(pod))).rejects.toMatchObject({ failure: { plugin: 'tuning' } });
    // as a runtime does: there is no cached result, and every plugin is asked all the same
    await runtime.del(broken, attachmentOf(pod));
    await site.node.removePod(pod);
    expect((await site.state()).tables).toEqual(before.tables);
  });
});
