import { describe, expect, it } from 'vitest';
import { attachmentOf, expectNoChange, type Pod, parseNetwork, tcpEcho } from '../../test-harness/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { shared } from '../fixtures/shared-fixture.ts';
import { Site } from '../fixtures/site.ts';

const plugin = { type: 'axoneme-cni' };
const other = parseNetwork(JSON.stringify({ cniVersion: '1.1.0', name: 'other', plugins: [plugin] }));
const keyOf = (pod: Pod) => ({ containerID: pod.containerId, ifname: 'eth0' });

describe('GC', () => {
  let site: Site;
  shared(async () => {
    site = await Site.open();
    const { pod } = await site.axoneme.add('first');
    await site.axoneme.delete(pod);
    return site;
  });

  /** The verb alone, as a runtime that lost its own notes sends it: no DEL before it. */
  async function collect(more: object) {
    const config = { cniVersion: '1.1.0', name: site.axoneme.network.name, ...plugin, ...more };
    return (await site.axoneme.runtime.invoke('GC', 'axoneme-cni', config)).result;
  }

  it.each([
    ['the list that leaves them out', (pod: Pod) => ({ 'cni.dev/valid-attachments': [keyOf(pod)] })],
    ['the older key', (pod: Pod) => ({ 'cni.dev/attachments': [keyOf(pod)] })],
  ])('frees device, pins, map rows, addresses and records of leaked pods by %s', async (_name, more) => {
    const { pod: alive } = await site.axoneme.add('alive');
    const elsewhere = await site.node.addPod('elsewhere');
    await site.axoneme.runtime.add(other, attachmentOf(elsewhere));
    const before = await site.state();
    const leaked = [(await site.axoneme.add('leak1')).pod, (await site.axoneme.add('leak2')).pod];
    for (const pod of leaked) await site.node.removePod(pod);
    const { code, stdout } = await collect(more(alive));
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    for (const pod of leaked) await site.axoneme.runtime.cache.remove(site.axoneme.network.name, attachmentOf(pod));
    const after = await site.state();
    expectNoChange(before.node, after.node);
    expect(after.tables).toEqual(before.tables);
    expect(await tcpEcho(alive, site.outside)).toMatchObject({ reached: true });
    expect(await tcpEcho(elsewhere, site.outside)).toMatchObject({ reached: true });
    await site.axoneme.delete(alive);
    await site.axoneme.runtime.del(other, attachmentOf(elsewhere));
    await site.node.removePod(elsewhere);
  });

  it('without a list is refused and frees nothing', async () => {
    const { pod } = await site.axoneme.add('spared');
    const { code, stdout } = await collect({});
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 7, msg: expect.stringContaining('cni.dev/valid-attachments') });
    expect(await tcpEcho(pod, site.outside)).toMatchObject({ reached: true });
    await site.axoneme.delete(pod);
  });

  it.each([[null], [[]]])('with the list %j frees every pod of the network', async (list) => {
    const { pod } = await site.axoneme.add('unwanted');
    expect((await collect({ 'cni.dev/valid-attachments': list })).code).toBe(0);
    expect(JSON.parse(await site.axoneme.cli('endpoint', 'list', '-o', 'json'))).toEqual([]);
    await site.axoneme.delete(pod);
  });

  it('by a runtime is what libcni makes of it', async () => {
    const { pod: alive } = await site.axoneme.add('valid');
    const { pod: stale } = await site.axoneme.add('stale');
    await site.axoneme.runtime.gc(site.axoneme.network, [keyOf(alive)]);
    await site.axoneme.runtime.check(site.axoneme.network, attachmentOf(alive));
    await site.node.removePod(stale);
    await site.axoneme.delete(alive);
  });
});

describe('STATUS', () => {
  it('answers 50 when no address is free, and nothing once one is or is about to be, which an ADD waits for', async () => {
    const operator = { ...dualStack.ipam.operator, clusterPoolIPv4PodCIDRList: ['10.0.0.0/29'], clusterPoolIPv4MaskSize: 29 };
    await using site = await Site.open({ config: { ...dualStack, ipam: { mode: 'cluster-pool', operator } } });
    const pods = await site.pods('a', 'b', 'c', 'd', 'e');
    await expect(site.axoneme.runtime.status(site.axoneme.network)).rejects.toMatchObject({ code: 50 });
    await site.axoneme.delete(pods[0] as Pod);
    await site.axoneme.runtime.status(site.axoneme.network);
    await site.axoneme.add('f');
    await site.axoneme.runtime.del(site.axoneme.network, attachmentOf(pods[1] as Pod));
    const { pod } = await site.axoneme.add('g');
    expect(await tcpEcho(pod, pods[2] as Pod)).toMatchObject({ reached: true });
  });
});
