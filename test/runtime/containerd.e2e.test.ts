import { afterAll, beforeAll, expect, it } from 'vitest';
import { GREETING } from './image.ts';
import { Site } from './site.ts';

/* A real containerd with real runc containers, driven through the CRI as kubelet does it, on a node where docs/containerd.md was followed. */

const site = new Site();
/** NetworkReady after each step of the guide since containerd runs */
let readyWhile: readonly boolean[];

beforeAll(async () => {
  readyWhile = await site.install();
});

afterAll(() => site[Symbol.asyncDispose]());

it('makes the node ready when the conflist is in its place, not before', async () => {
  expect(readyWhile.slice(0, -1)).not.toContain(true);
  await expect.poll(() => site.containerd.networkReady()).toMatchObject({ status: true });
});

it('gives a pod the addresses that the CRI reports', async () => {
  const pod = await site.containerd.runPod('web');
  const reported = await pod.reportedAddresses();
  const [row] = await site.endpoints();
  expect(row).toMatchObject({ containerId: pod.id, state: 'ready', pod: { name: 'web', namespace: 'default' } });
  expect(reported).toEqual([row?.ipv4?.address, row?.ipv6?.address]);
  expect(await pod.addresses()).toEqual([`${row?.ipv4?.address}/32`, `${row?.ipv6?.address}/128`]);
  expect(await pod.inContainer('ip', 'addr', 'show', 'dev', 'eth0')).toContain(`inet ${reported[0]}/32`);
  expect(await pod.inContainer('wget', '-qO-', `http://[${reported[1]}]/`)).toBe(`${GREETING}\n`);
  await pod.remove();
});
