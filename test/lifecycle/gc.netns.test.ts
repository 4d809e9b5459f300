import { describe, expect, it } from 'vitest';
import { attachmentOf, expectNoChange, type Pod, parseNetwork, tcpEcho } from '../../test-harness/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

const plugin = { type: 'axoneme-cni' };
const other = parseNetwork(JSON.stringify({ cniVersion: '1.1.0', name: 'other', plugins: [plugin] }));
const keyOf = (pod: Pod) => ({ containerID: pod.containerId, ifname: 'eth0' });

describe('GC', () => {
  let site: TestNode;
  sharedFixture(async () => {
    site = await TestNode.open();
    const { pod } = await site.add('first');
    await site.delete(pod);
    return site;
  });

  /** The verb alone, as a runtime that lost its own notes sends it: no DEL before it. */
  async function collect(more: object) {
    const config = { cniVersion: '1.1.0', name: site.network.name, ...plugin, ...more };
    return (await site.runtime.invoke('GC', 'axoneme-cni', config)).result;
  }

  it.each([
    ['the list that leaves them out', (pod: Pod) => ({ 'cni.dev/valid-attachments': [keyOf(pod)] })],
    ['the older key', (pod: Pod) => ({ 'cni.dev/attachments': [keyOf(pod)] })],
  ])('frees device, pins, map rows, addresses and records of leaked pods by %s', async (_name, more) => {
    const { pod: alive } = await site.add('alive');
    const elsewhere = await site.node.addPod('elsewhere');
    await site.runtime.add(other, attachmentOf(elsewhere));
    const before = await site.state();
    const leaked = [(await site.add('leak1')).pod, (await site.add('leak2')).pod];
    for (const pod of leaked) await site.node.removePod(pod);
    const { code, stdout } = await collect(more(alive));
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    for (const pod of leaked) await site.runtime.cache.remove(site.network.name, attachmentOf(pod));
    const after = await site.state();
    expectNoChange(before.node, after.node);
    expect(after.tables).toEqual(before.tables);
    expect(await tcpEcho(alive, site.outside)).toMatchObject({ reached: true });
    expect(await tcpEcho(elsewhere, site.outside)).toMatchObject({ reached: true });
    await site.delete(alive);
    await site.runtime.del(other, attachmentOf(elsewhere));
    await site.node.removePod(elsewhere);
  });

  it('without a list is refused and frees nothing', async () => {
    const { pod } = await site.add('spared');
    const { code, stdout } = await collect({});
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 7, msg: expect.stringContaining('cni.dev/valid-attachments') });
    expect(await tcpEcho(pod, site.outside)).toMatchObject({ reached: true });
    await site.delete(pod);
  });

  it.each([[null], [[]]])('with the list %j frees every pod of the network', async (list) => {
    const { pod } = await site.add('unwanted');
    expect((await collect({ 'cni.dev/valid-attachments': list })).code).toBe(0);
    expect(JSON.parse(await site.cli('endpoint', 'list', '-o', 'json'))).toEqual([]);
    await site.delete(pod);
  });

  it('by a runtime is what libcni makes of it', async () => {
    const { pod: alive } = await site.add('valid');
    const { pod: stale } = await site.add('stale');
    await site.runtime.gc(site.network, [keyOf(alive)]);
    await site.runtime.check(site.network, attachmentOf(alive));
    await site.node.removePod(stale);
    await site.delete(alive);
  });
});

describe('STATUS', () => {
  it('answers 50 when no address is free, and nothing once one is or is about to be, which an ADD waits for', async () => {
    const operator = { ...dualStack.ipam.operator, clusterPoolIPv4PodCIDRList: ['10.0.0.0/29'], clusterPoolIPv4MaskSize: 29 };
    await using site = await TestNode.open({ config: { ...dualStack, ipam: { mode: 'cluster-pool', operator } } });
    const pods = await site.pods('a', 'b', 'c', 'd', 'e');
    await expect(site.runtime.status(site.network)).rejects.toMatchObject({ code: 50 });
    await site.delete(pods[0] as Pod);
    await site.runtime.status(site.network);
    await site.add('f');
    await site.runtime.del(site.network, attachmentOf(pods[1] as Pod));
    const { pod } = await site.add('g');
    expect(await tcpEcho(pod, pods[2] as Pod)).toMatchObject({ reached: true });
  });
});
