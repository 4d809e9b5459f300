import { describe, expect, it } from 'vitest';
import { attachmentOf, expectNoChange, type Pod, tcpEcho } from '../../test-harness/index.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

/* The cases of docs/decisions/0025 that no other file holds. */

describe('a runtime that tries again, forgets, or takes names twice', () => {
  let site: TestNode;
  sharedFixture(async () => {
    site = await TestNode.open();
    const { pod } = await site.add('first');
    await site.delete(pod);
    return site;
  });

  const named = (pod: Pod, containerId: string) => ({
    ...attachmentOf(pod, { args: { IgnoreUnknown: '1', K8S_POD_NAMESPACE: 'default', K8S_POD_NAME: 'web' } }),
    containerId,
  });
  const works = async (pod: Pod) => expect(await tcpEcho(site.outside, pod)).toMatchObject({ reached: true });

  it('may ADD again after a failed ADD, without a DEL in between', async () => {
    const { runtime, network } = site;
    const before = await site.state();
    const pod = await site.node.addPod('stubborn');
    await pod.run(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'other']);
    await expect(runtime.add(network, attachmentOf(pod))).rejects.toMatchObject({ code: 107 });
    expect((await site.state()).tables).toEqual(before.tables);
    await pod.run(['ip', 'link', 'delete', 'eth0']);
    await runtime.add(network, attachmentOf(pod));
    await works(pod);
    await site.delete(pod);
    expectNoChange(before.node, (await site.state()).node);
  });

  it('may ADD a pod of the same name under another container id while the old one still lives, and DEL the old one later', async () => {
    const { runtime, network } = site;
    const before = await site.state();
    const [old, young] = [await site.node.addPod('old'), await site.node.addPod('young')];
    await runtime.add(network, named(old, 'c-old'));
    await runtime.add(network, named(young, 'c-young'));
    expect(await old.address(4)).not.toBe(await young.address(4));
    await works(old);
    await works(young);
    await runtime.del(network, named(old, 'c-old'));
    await works(young);
    await runtime.check(network, named(young, 'c-young'));
    await runtime.del(network, named(young, 'c-young'));
    for (const pod of [old, young]) await site.node.removePod(pod);
    expect((await site.state()).tables).toEqual(before.tables);
  });

  it('may give a path of a namespace to another container; the DEL of the first one, at that path, leaves the second alone', async () => {
    const { runtime, network } = site;
    const before = await site.state();
    const first = await site.node.addPod('reused');
    await runtime.add(network, named(first, 'c-first'));
    await site.node.removePod(first);
    const second = await site.node.addPod('reused');
    expect(second.netnsPath).toBe(first.netnsPath);
    await runtime.add(network, named(second, 'c-second'));
    await runtime.del(network, named(second, 'c-first'));
    await works(second);
    await runtime.check(network, named(second, 'c-second'));
    await runtime.del(network, named(second, 'c-second'));
    await site.node.removePod(second);
    expect((await site.state()).tables).toEqual(before.tables);
  });

  it('may DEL while its ADD is under way; whichever ends last, nothing is left', async () => {
    const { runtime, network } = site;
    const before = await site.state();
    for (let round = 0; round < 4; round += 1) {
      const pod = await site.node.addPod('hasty');
      const adding = runtime.add(network, attachmentOf(pod)).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20 + round * 15));
      await runtime.del(network, attachmentOf(pod));
      await adding;
      await runtime.del(network, attachmentOf(pod));
      await site.node.removePod(pod);
    }
    const after = await site.state();
    expectNoChange(before.node, after.node);
    expect(after.tables).toEqual(before.tables);
  });

  it('may DEL with nothing but the two names: no namespace, no arguments, no result', async () => {
    const { runtime, network } = site;
    const before = await site.state();
    const { pod } = await site.add('bare');
    await site.node.removePod(pod);
    for (let i = 0; i < 2; i += 1) await runtime.del(network, { containerId: pod.containerId, netns: '' });
    expect((await site.state()).tables).toEqual(before.tables);
  });
});
