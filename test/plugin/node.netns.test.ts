import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { HUNG_MS } from '../../conf/heartbeat.ts';
import { attachmentOf, CniError, expectNoChange, Lab, type Pod, ping, type Snapshot, snapshot } from '../../test-harness/index.ts';
import { buried } from '../support/api.ts';
import { AxonemeNode } from '../support/axoneme.ts';
import { ageHeartbeat } from '../support/heartbeat.ts';
import { shared } from '../support/shared.ts';

/* The packed plugin and the packed daemon on a node: what only shows when both are real, and several calls meet. */

let node1: AxonemeNode;
let before: Snapshot;

/** The folder of the records comes with the first one. */
const options = { folders: ['/run/axoneme', '/run/netns', '/sys/fs/bpf'], ignore: /^\/run\/axoneme\/endpoints$/ };

shared(async () => {
  const lab = await Lab.create({ nodes: { node1: {} } });
  node1 = await AxonemeNode.start(lab.node('node1'));
  return { lastWords: () => node1.daemon.lastWords(), [Symbol.asyncDispose]: () => lab.close() };
});
beforeEach(async () => {
  before = await snapshot(node1.node, options);
});

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

test('an ADD that is killed at any moment leaves nothing half-made, and can be done again', async () => {
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

test('a DEL while the daemon has been hung for long succeeds, and the daemon learns of it', async () => {
  const pod = await node1.node.addPod('web');
  await add(pod);
  node1.daemon.signal('SIGSTOP');
  await ageHeartbeat(node1.node, HUNG_MS + 1000);
  await del(pod);
  expect(await pod.addresses()).toEqual([]);
  node1.daemon.signal('SIGCONT');
  const isForgotten = async (): Promise<boolean> => JSON.parse(await node1.cli('endpoint', 'list', '-o', 'json')).length === 0;
  await node1.daemon.waitUntil(isForgotten, 'replay of the DEL');
  await node1.daemon.waitUntil(async () => (await node1.node.listFolder('/run/axoneme/delete-queue')).length === 0, 'empty queue');
  expect(await node1.node.listFolder('/sys/fs/bpf/axoneme/v1/links')).toEqual(['axo_host']);
});
