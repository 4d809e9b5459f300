import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { attachmentOf, CniError, expectNoChange } from '../../test-harness/index.ts';
import { TestNode } from '../fixtures/test-node.ts';

/** How many descriptors more than it has now the daemon may open. An ADD needs some ten. */
const headrooms = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12];

const published = ['/run/axoneme/health.json', '/run/axoneme/status-ok'];

/** The limit below which just so many numbers are free: RLIMIT_NOFILE bounds the number, not the count (getrlimit(2)). */
function limitWith(taken: ReadonlySet<number>, headroom: number): number {
  let limit = 0;
  for (let free = 0; free < headroom || taken.has(limit); limit++) if (!taken.has(limit)) free++;
  return limit;
}

it('an ADD by a daemon without descriptors fails with a reason, leaves nothing, and works when there are some again', {
  timeout: 300_000,
}, async () => {
  await using site = await TestNode.open();
  const { runtime, network, daemon } = site;
  const pid = Number(daemon.pid);
  const [first] = await site.pods('first');
  const pod = await site.node.addPod('late');
  const limitTo = (most: number) => execFileSync('prlimit', ['--pid', String(pid), `--nofile=${most}:`]);
  const openNow = () => new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  const before = await site.state();
  const outcomes: string[] = [];
  for (const headroom of headrooms) {
    limitTo(limitWith(openNow(), headroom));
    const error: unknown = await runtime.add(network, attachmentOf(pod)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    limitTo(1024);
    if (error === undefined) await runtime.del(network, attachmentOf(pod));
    else if (!(error instanceof CniError)) throw error;
    else outcomes.push(`${headroom}: ${error.code} ${error.message} ${error.details ?? ''}`);
    // What the daemon could not publish meanwhile it has withdrawn.
    for (const file of published) await expect.poll(() => site.node.exists(file)).toBe(true);
    const after = await site.state();
    expectNoChange(before.node, after.node);
    expect([headroom, after.tables]).toEqual([headroom, before.tables]);
  }
  expect(outcomes.length).toBeGreaterThan(3);
  for (const outcome of outcomes) expect(outcome).toMatch(/: 11 |too many open files/);
  await runtime.add(network, attachmentOf(pod));
  await runtime.check(network, attachmentOf(pod));
  for (const one of [pod, first]) if (one !== undefined) await site.delete(one);
});
