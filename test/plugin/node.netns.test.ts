import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { attachmentOf, CniError, expectNoChange, Lab, type Pod, ping, type Snapshot, snapshot } from '../../test-harness/index.ts';
import { buried } from '../support/api.ts';
import { AxonemeNode, dualStack } from '../support/axoneme.ts';

/* The packed plugin and the packed daemon on a node: what only shows when both are real, and several calls meet. */

let lab: Lab;
let node1: AxonemeNode;
let before: Snapshot;

/** The folder of the records comes with the first one. */
const options = { folders: ['/run/axoneme', '/run/netns', '/sys/fs/bpf'], ignore: /^\/run\/axoneme\/endpoints$/ };

beforeEach(async () => {
  lab = await Lab.create({ nodes: { node1: {} } });
});

afterEach(() => lab[Symbol.asyncDispose]());

async function boot(config: Readonly<Record<string, unknown>> = dualStack): Promise<void> {
  node1 = await AxonemeNode.start(lab.node('node1'), { config });
  before = await snapshot(node1.node, options);
}

const add = (pod: Pod): Promise<unknown> => node1.runtime.add(node1.network, attachmentOf(pod));
const del = (pod: Pod): Promise<void> => node1.runtime.del(node1.network, attachmentOf(pod));
const failure = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => undefined,
    (error: unknown) => error,
  );
const codeOf = (error: unknown): number | undefined => (error instanceof CniError ? error.code : undefined);

/** The IPAM view of the node: nothing but its own addresses. */
async function expectNothingLeft(pods: readonly Pod[]): Promise<void> {
  for (const pod of pods) await node1.node.removePod(pod);
  await buried(node1.node);
  expectNoChange(before, await snapshot(node1.node, options));
  const { addresses } = JSON.parse(await node1.cli('ipam', 'list', '-o', 'json')) as { addresses: { owner: string }[] };
  expect(new Set(addresses.map(({ owner }) => owner))).toEqual(new Set(['router']));
}

test('fifty ADDs at once give fifty different addresses, and fifty DELs leave nothing', async () => {
  await boot();
  const pods = await Promise.all(Array.from({ length: 50 }, (_, index) => node1.node.addPod(`p${index}`)));
  const errors = (await Promise.allSettled(pods.map(add))).filter(({ status }) => status === 'rejected');
  expect(errors).toEqual([]);
  const addresses = await Promise.all(pods.map((pod) => pod.addresses()));
  expect(new Set(addresses.flat()).size).toBe(100);
  const [first, last] = [pods.at(0), pods.at(-1)];
  if (first && last) expect(await ping(first, await last.address(6))).toMatchObject({ reached: true });
  await Promise.all(pods.map(del));
  await expectNothingLeft(pods);
});

test('of two ADDs of one pod at once, one wins and the pod works', async () => {
  await boot();
  const pod = await node1.node.addPod('web');
  const errors = (await Promise.all([failure(add(pod)), failure(add(pod))])).filter((error) => error !== undefined);
  expect(errors.map(codeOf)).toEqual([expect.toSatisfy((code: number) => code === 11 || code === 102)]);
  expect(await ping(node1.node, await pod.address(4))).toMatchObject({ reached: true });
  await del(pod);
  await expectNothingLeft([pod]);
});

test('a second ADD of a live pod is refused and its traffic goes on', async () => {
  await boot();
  const pod = await node1.node.addPod('web');
  await add(pod);
  const address = await pod.address(4);
  const inPod = await pod.run(['ip', '-d', 'addr']);
  expect(codeOf(await failure(add(pod)))).toBe(102);
  expect(await pod.run(['ip', '-d', 'addr'])).toBe(inPod);
  expect(await ping(node1.node, address)).toMatchObject({ reached: true });
  await node1.runtime.check(node1.network, attachmentOf(pod));
  await del(pod);
  await expectNothingLeft([pod]);
});

test('a full pool is said to be full, and serves again after a DEL', async () => {
  const operator = { ...dualStack.ipam.operator, clusterPoolIPv4PodCIDRList: ['10.0.0.0/29'], clusterPoolIPv4MaskSize: 29 };
  await boot({ ...dualStack, ipam: { ...dualStack.ipam, operator } });
  const pods: Pod[] = [];
  let refused: unknown;
  while (refused === undefined && pods.length < 8) {
    const pod = await node1.node.addPod(`p${pods.length}`);
    pods.push(pod);
    refused = await failure(add(pod));
  }
  // Six usable addresses, one of them the router's.
  expect(pods).toHaveLength(6);
  expect([codeOf(refused), String(refused)]).toEqual([100, expect.stringContaining('full')]);
  const [first, last] = [pods.at(0), pods.at(-1)];
  if (!first || !last) throw new Error('no pods');
  await del(first);
  await add(last);
  for (const pod of pods) await del(pod);
  await expectNothingLeft(pods);
});

test('an ADD that is killed at any moment leaves nothing half-made, and can be done again', async () => {
  await boot();
  const pod = await node1.node.addPod('web');
  for (const delay of [20, 30, 35, 40, 45, 50, 60, 80]) {
    const killed = new AbortController();
    const call = failure(node1.runtime.add(node1.network, attachmentOf(pod), { signal: killed.signal }));
    await sleep(delay);
    killed.abort();
    await call;
    // Killed late enough it is whole, though nobody heard of it: like any live attachment it needs its DEL.
    expect([undefined, 102]).toContain(codeOf(await failure(add(pod))));
    await del(pod);
  }
  await add(pod);
  expect(await ping(node1.node, await pod.address(6))).toMatchObject({ reached: true });
  await del(pod);
  await expectNothingLeft([pod]);
});

test('an ADD sits out a restart of the daemon', async () => {
  await boot();
  const pod = await node1.node.addPod('web');
  await node1.daemon.stop('SIGKILL');
  const [error] = await Promise.all([failure(add(pod)), node1.restart()]);
  // The restart may take longer than an ADD may wait: then the ADD says so.
  if (error !== undefined) {
    expect(codeOf(error)).toBe(11);
    await add(pod);
  }
  expect(await ping(node1.node, await pod.address(4))).toMatchObject({ reached: true });
  await del(pod);
  await expectNothingLeft([pod]);
});

test('a DEL while the daemon hangs succeeds, and the daemon learns of it', async () => {
  await boot();
  const pod = await node1.node.addPod('web');
  await add(pod);
  node1.daemon.signal('SIGSTOP');
  await del(pod);
  expect(await pod.addresses()).toEqual([]);
  node1.daemon.signal('SIGCONT');
  const isForgotten = async (): Promise<boolean> => JSON.parse(await node1.cli('endpoint', 'list', '-o', 'json')).length === 0;
  await node1.daemon.waitUntil(isForgotten, 'replay of the DEL');
  await node1.daemon.waitUntil(async () => (await node1.node.listFolder('/run/axoneme/delete-queue')).length === 0, 'empty queue');
  expect(await node1.node.listFolder('/sys/fs/bpf/axoneme/v1/links')).toEqual(['axo_host']);
});

test('the runtime’s two DELs, the second with an empty namespace, and one of a pod that never was', async () => {
  await boot();
  const pod = await node1.node.addPod('web');
  await add(pod);
  await del(pod);
  await node1.runtime.del(node1.network, { containerId: pod.containerId, netns: '' });
  await node1.runtime.del(node1.network, { containerId: 'never', netns: '/run/netns/never' });
  await expectNothingLeft([pod]);
});
