import { describe, expect, it } from 'vitest';
import { attachmentOf, type Pod, ping, type Result } from '../../test-harness/index.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

describe('a second interface of a pod', () => {
  let site: TestNode;
  let other: Pod;
  let pod: Pod;
  let asked = '';
  const attachment = () => attachmentOf(pod, { ifname: 'net1', args: asked === '' ? {} : { IP: asked } });
  const addressOf = (result: Result, family: 4 | 6) => (result.ips?.[family === 4 ? 0 : 1]?.address ?? '').replace(/\/\d+$/, '');
  sharedFixture(async () => {
    site = await TestNode.open();
    [{ pod }, { pod: other }] = await Promise.all([site.add('two'), site.add('other')]);
    return site;
  });

  it.each(['first', 'same'])('has addresses of its own that others reach, and goes alone: its %s address', async () => {
    const { runtime, network } = site;
    const result = await runtime.add(network, attachment());
    await runtime.check(network, attachment());
    await runtime.check(network, attachmentOf(pod));
    for (const family of [4, 6] as const) {
      const second = addressOf(result, family);
      expect(second).not.toBe(await pod.address(family));
      expect(await ping(other, second), second).toMatchObject({ reached: true });
      expect(await ping(pod, other, { family, source: second })).toMatchObject({ reached: true });
      expect(await ping(other, pod, { family })).toMatchObject({ reached: true });
    }
    const rules = await pod.run(['ip', 'rule', 'list', 'from', addressOf(result, 4)]);
    expect(rules.trim().split('\n')).toHaveLength(1);
    await runtime.del(network, attachment());
    await runtime.check(network, attachmentOf(pod));
    asked = addressOf(result, 4);
    expect((await pod.exec(['ip', 'link', 'show', 'net1'])).code).not.toBe(0);
    for (const family of [4, 6] as const) expect(await ping(other, pod, { family })).toMatchObject({ reached: true });
  });
});
