import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Runtime } from '../../test-harness/index.ts';
import { Quota } from '../fixtures/quota.ts';
import { ContainerdNode } from '../fixtures/runtime/containerd-node.ts';

/* A rebooted node, as kubelet and containerd see it: all of its pods at once, on half a processor. */

const COUNT = 60;
/** Pause between two questions, in milliseconds, as kubelet's would be if it hurried. */
const PAUSE_MS = 100;

it('sixty pods of a real containerd at once on half a processor all run, none twice, and the network stays ready', {
  timeout: 900_000,
}, async () => {
  // Ends last, when nothing is in it any more.
  await using quota = Quota.make(0.5);
  await using site = new ContainerdNode();
  await site.install();
  for (const pid of site.daemon.pids()) quota.hold(pid);
  await expect.poll(async () => (await site.containerd.networkReady()).status).toBe(true);

  // By ourselves as well: containerd 1.6 asks no plugin for its STATUS.
  const runtime = new Runtime(site.node, { pluginDirs: ['/opt/cni/bin'] });
  const network = await runtime.network();
  const asked: Promise<unknown>[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      asked.push(runtime.status(network), expect(site.containerd.networkReady()).resolves.toMatchObject({ status: true }));
      await sleep(PAUSE_MS);
    }
  })();
  const names = Array.from({ length: COUNT }, (_, n) => `pod${n}`);
  const run = (name: string) => site.containerd.cri.call('RunPodSandbox', { config: site.containerd.sandboxConfig(name) });
  const pods = await Promise.all(names.map(run)).finally(() => {
    isOver = true;
  });
  await asking;
  expect((await Promise.all(asked)).length).toBeGreaterThan(0);
  const ids = pods.map(({ pod_sandbox_id: id = '' }) => id).sort();
  expect((await site.endpoints()).map(({ containerId }) => containerId).sort()).toEqual(ids);
  const messages = site.daemon.stderr.split('\n').filter((line) => line.includes('"verb":"ADD"'));
  expect(messages.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(Array(COUNT).fill('added'));
  await site.clear();
  await expect.poll(() => site.endpoints()).toEqual([]);
});
