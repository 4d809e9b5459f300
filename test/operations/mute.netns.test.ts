import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pod, ping, tcpEcho } from '../../test-harness/index.ts';
import { endpointsOf } from '../fixtures/api.ts';
import { scaledTimeout } from '../fixtures/scaled-timeout.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

/* A pod's device without its programs leads into the node's stack, which judges no sender: it must be mute. */

const pins = '/sys/fs/bpf/axoneme/v1';
const MUTED = 'set a pod device down until it has its programs again';

let site: TestNode;
sharedFixture(async () => {
  site = await TestNode.open();
  return site;
});

const shell = (script: string) => site.node.run(['sh', '-ec', script]);
const deviceOf = async ({ containerId }: Pod): Promise<string> =>
  (await endpointsOf(site.node)).find((endpoint) => endpoint.containerId === containerId)?.hostIfname ?? '';
const isDown = async (device: string) => !/<[^>]*\bUP\b/.test(await site.node.run(['ip', '-o', 'link', 'show', device]));

const muted = () => site.daemon.stderr.split('\n').filter((line) => line.includes(MUTED)).length;

describe('of more pods than one look at all of their state covers', () => {
  /** The slower look has 8 of them every two seconds. */
  const COUNT = 40;
  let pods: Pod[];
  beforeAll(async () => {
    pods = await site.pods(...Array.from({ length: COUNT }, (_, index) => `many${index}`));
  });
  afterAll(async () => {
    await Promise.all(pods.map((pod) => site.delete(pod)));
  });

  it.each([
    ['were detached', `for link in ${pins}/links/lxc*/ingress; do bpftool link detach pinned $link; done`],
    ['were detached from the other hook', `for link in ${pins}/links/lxc*/egress; do bpftool link detach pinned $link; done`],
    ['ended with their pins', `rm ${pins}/links/lxc*/ingress`],
  ])('those whose programs %s go down until they have them again', async (_what, spoil) => {
    const before = muted();
    await shell(spoil);
    await expect.poll(() => muted() - before, { timeout: scaledTimeout(60_000) }).toBeGreaterThan(COUNT / 2 - 1);
    const reached = () => Promise.all(pods.map(async (pod) => (await tcpEcho(pod, site.outside)).reached));
    await expect.poll(async () => (await reached()).filter((is) => !is).length, { timeout: scaledTimeout(60_000) }).toBe(0);
  });
});

it('a device from which somebody keeps taking the programs is down while its repair waits, and forwards nothing', {
  timeout: scaledTimeout(120_000),
}, async () => {
  const { pod } = await site.add('web');
  const device = await deviceOf(pod);
  await shell('sysctl -qw net.ipv4.ip_forward=1');
  expect(await ping(pod, site.outside)).toMatchObject({ reached: true });
  // Longer than any repair takes: it waits.
  let downs = 0;
  const isWaiting = async () => {
    await site.node.exec(['rm', '-f', `${pins}/links/${device}/ingress`]);
    downs = (await isDown(device)) ? downs + 1 : 0;
    return downs > 4;
  };
  await expect.poll(isWaiting, { timeout: scaledTimeout(60_000), interval: 100 }).toBe(true);
  expect(await ping(pod, site.outside, { timeout: 300 })).toMatchObject({ reached: false });
  await expect.poll(async () => (await tcpEcho(pod, site.outside)).reached, { timeout: scaledTimeout(60_000) }).toBe(true);
  await shell('sysctl -qw net.ipv4.ip_forward=0');
  await site.delete(pod);
});
