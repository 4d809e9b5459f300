import { describe, expect, it } from 'vitest';
import { attachmentOf, CniError, expectNoChange, type Pod, tcpEcho } from '../../test-harness/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

describe('attachments', () => {
  let site: TestNode;
  sharedFixture(async () => {
    site = await TestNode.open();
    // the first ADD makes the runtime's own cache folder, which is no leak
    const { pod } = await site.add('first');
    await site.delete(pod);
    return site;
  });

  /** Runs something that must leave the node as it was. */
  async function leavingNothing(action: () => Promise<void>): Promise<void> {
    const before = await site.state();
    await action();
    const after = await site.state();
    expectNoChange(before.node, after.node);
    expect(after.tables).toEqual(before.tables);
  }

  it('of fifty pods at once all work and all go', async () => {
    await leavingNothing(async () => {
      const names = Array.from({ length: 50 }, (_, i) => `pod${i}`);
      const added = await Promise.all(names.map((name) => site.add(name)));
      for (const family of [0, 1]) expect(new Set(added.map(({ result }) => result.ips?.[family]?.address)).size).toBe(50);
      const pods = added.map(({ pod }) => pod);
      const answers = await Promise.all(pods.map((pod, i) => tcpEcho(pod, pods[(i + 1) % pods.length] as Pod, { family: i % 2 ? 4 : 6 })));
      expect(answers.filter((answer) => !answer.reached)).toEqual([]);
      await Promise.all(pods.map((pod) => site.delete(pod)));
    });
  });

  it('of one pod asked for twice at once are made once', async () => {
    await leavingNothing(async () => {
      const { runtime, network } = site;
      const pod = await site.node.addPod('twice');
      const both = await Promise.allSettled([runtime.add(network, attachmentOf(pod)), runtime.add(network, attachmentOf(pod))]);
      const refused = both.filter((one) => one.status === 'rejected').map((one) => one.reason as unknown);
      expect(refused).toHaveLength(1);
      expect([11, 102]).toContain((refused[0] as CniError).code);
      await runtime.check(network, attachmentOf(pod));
      expect(await tcpEcho(pod, site.outside)).toMatchObject({ reached: true });
      await site.delete(pod);
    });
  });

  it('of a live pod are refused and left alone', async () => {
    await leavingNothing(async () => {
      const { runtime, network } = site;
      const { pod } = await site.add('alive');
      const before = await site.state();
      const inside = await pod.run(['ip', '-d', 'addr']);
      await expect(runtime.add(network, attachmentOf(pod))).rejects.toMatchObject({ name: 'CniError', code: 102 });
      expectNoChange(before.node, (await site.state()).node);
      expect(await pod.run(['ip', '-d', 'addr'])).toBe(inside);
      expect(await tcpEcho(pod, site.outside)).toMatchObject({ reached: true });
      await site.delete(pod);
    });
  });

  it('of a pod asked for while the daemon restarts are made, or refused with code 11 and made by the next ADD', async () => {
    await leavingNothing(async () => {
      const { runtime, network } = site;
      const pod = await site.node.addPod('restarting');
      await site.daemon.stop('SIGKILL');
      const [error] = await Promise.all([runtime.add(network, attachmentOf(pod)).catch((thrown: unknown) => thrown), site.restart()]);
      if (error instanceof CniError) {
        expect(error.code).toBe(11);
        await runtime.add(network, attachmentOf(pod));
      }
      expect(await tcpEcho(pod, site.outside)).toMatchObject({ reached: true });
      await site.delete(pod);
    });
  });

  it('are deleted as often as asked, added or not', async () => {
    await leavingNothing(async () => {
      const { runtime, network } = site;
      const { pod } = await site.add('gone');
      for (let i = 0; i < 3; i += 1) await runtime.del(network, attachmentOf(pod));
      await site.node.removePod(pod);
      const never = await site.node.addPod('never');
      await runtime.del(network, attachmentOf(never));
      await site.node.removePod(never);
      await runtime.del(network, { containerId: 'nobody', netns: '/run/netns/nobody' });
      await runtime.del(network, { containerId: 'nobody', netns: '' });
    });
  });

  it.each(['with its old path', 'without a path'])('are deleted when the namespace is gone, %s', async (how) => {
    await leavingNothing(async () => {
      const { runtime, network } = site;
      const { pod } = await site.add('lost');
      await site.node.removePod(pod);
      const attachment = attachmentOf(pod);
      await runtime.del(network, how === 'without a path' ? { ...attachment, netns: '' } : attachment);
    });
  });

  it('of a pod whose namespace was replaced take over what is left', async () => {
    await leavingNothing(async () => {
      const { runtime, network } = site;
      const { pod } = await site.add('reborn');
      await site.node.removePod(pod);
      const again = await site.node.addPod('reborn');
      await runtime.add(network, attachmentOf(again));
      expect(await tcpEcho(again, site.outside)).toMatchObject({ reached: true });
      await site.delete(again);
    });
  });

  it.each([
    ['a path that is no namespace', { netns: '/etc/hostname' }],
    ['a path that is not there', { netns: '/run/netns/missing' }],
    ['an interface name that exists', { ifname: 'lo' }],
    ['an argument that is unknown', { args: { WHAT: '1' } }],
  ])('with %s are refused in words and leave nothing', async (_, wrong) => {
    await leavingNothing(async () => {
      const { runtime, network } = site;
      const pod = await site.node.addPod('wrong');
      const refusal = await runtime.add(network, { ...attachmentOf(pod), ...wrong }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(CniError);
      expect((refusal as CniError).code).toBeGreaterThan(0);
      expect((refusal as CniError).msg).toMatch(/\w{3}/);
      await site.node.removePod(pod);
    });
  });

  it('give two interfaces to one pod', async () => {
    await leavingNothing(async () => {
      const { runtime, network } = site;
      const { pod } = await site.add('broad');
      const second = await runtime.add(network, attachmentOf(pod, { ifname: 'net1' })).catch((error: unknown) => error as CniError);
      // the second default route may be refused; then nothing of the second interface may be left
      if (second instanceof CniError) expect(await pod.run(['ip', '-o', 'link'])).not.toContain('net1');
      else await runtime.del(network, attachmentOf(pod, { ifname: 'net1' }));
      await site.delete(pod);
    });
  });
});

describe('a pool of six addresses', () => {
  const config = {
    ...dualStack,
    ipv6: { enabled: false },
    ipam: {
      ...dualStack.ipam,
      operator: { ...dualStack.ipam.operator, clusterPoolIPv4PodCIDRList: ['10.0.0.0/29'], clusterPoolIPv4MaskSize: 29 },
    },
  };

  it('says that it is full, and is whole again after one DEL', async () => {
    await using site = await TestNode.open({ config });
    const pods = await site.pods('a', 'b', 'c', 'd', 'e');
    const before = await site.state();
    const refusal = await site.add('f').catch((error: unknown) => error as CniError);
    expect(refusal).toMatchObject({ name: 'CniError', code: 100 });
    expect(`${(refusal as CniError).msg} ${(refusal as CniError).details}`).toContain('range is full');
    await site.node.removePod(site.node.pods.get('f') as Pod);
    const after = await site.state();
    expectNoChange(before.node, after.node);
    expect(after.tables).toEqual(before.tables);
    await site.delete(pods[2] as Pod);
    const { result } = await site.add('g');
    expect(result.ips?.[0]?.address).toBe('10.0.0.4/32');
  });
});
