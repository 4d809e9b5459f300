import { expect, test } from 'vitest';
import { paths } from '../../conf/paths.ts';
import { podNetwork } from '../../plugin/pod-network.ts';
import { plan } from '../../plugin/testing/fakes.ts';
import { AttendedHost } from './attended-host.ts';

test('makes nothing more for a caller that is gone', async () => {
  const asked: string[] = [];
  const door = async () => {
    asked.push('namespace');
    throw new Error('entered');
  };
  const gone = () => {
    throw new Error('nobody waits');
  };
  using host = new AttendedHost(paths('/nonexistent'), { openPod: door, openNode: door }, gone);
  const pod = { path: '/run/netns/a', identity: '4:1', [Symbol.dispose]() {} };
  await expect(host.createDevice(plan, pod)).rejects.toThrow('nobody waits');
  await expect(host.configurePod(plan, podNetwork(plan, new Set()), pod, { hostIfindex: 7, ifindex: 2 })).rejects.toThrow('nobody waits');
  await expect(host.attachPrograms(plan, 7)).rejects.toThrow('nobody waits');
  expect(asked).toEqual([]);
  await expect(host.deleteDevice(plan.endpoint)).rejects.toThrow('entered');
});
