import { afterAll, beforeAll, expect, it } from 'vitest';
import { attachmentOf, Lab, type Pod } from '../../test-harness/index.ts';
import { executables } from '../fixtures/axoneme.ts';
import { TestNode } from '../fixtures/test-node.ts';

/*
 * How soon each verb answers while no daemon runs: docs/operations.md, "Daemon away". What a call does then is the start of the standalone executable and a
 * wait of known length, so the limit is that wait and a number of starts, measured in the same run.
 */

/** Milliseconds that ADD, CHECK and DEL wait for a daemon that may be about to come back. */
const WAIT = 1500;

let lab: Lab;
let axoneme: TestNode;
let pods: Pod[];
/** milliseconds of one start: VERSION, which asks nobody */
let start: number;

beforeAll(async () => {
  lab = await Lab.create({ nodes: { node1: {} } });
  axoneme = await TestNode.start(lab.node('node1'));
  pods = [];
  for (let i = 0; i < 5; i++) pods.push((await axoneme.add(`pod${i}`)).pod);
  await axoneme.daemon.stop('SIGKILL');
  start = await fastestOf(5, () => axoneme.node.exec([executables.cold], { env: { CNI_COMMAND: 'VERSION' } }));
});
afterAll(() => lab.close());

/** Milliseconds of the fastest of some calls, which is what other work on the machine disturbs least; a call may fail. */
async function fastestOf(times: number, call: (n: number) => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < times; n++) {
    const began = performance.now();
    await call(n).catch(() => undefined);
    took.push(performance.now() - began);
  }
  return Math.min(...took);
}

it('STATUS takes no more than four starts of the standalone executable', async () => {
  const status = await fastestOf(5, () => axoneme.runtime.status(axoneme.network));
  expect(status / start).toBeLessThan(4);
});

it('ADD, CHECK and DEL take no more than their wait and four starts', async () => {
  const { runtime, network } = axoneme;
  const early = attachmentOf(await axoneme.node.addPod('early'));
  const took = {
    ADD: await fastestOf(3, () => runtime.add(network, early)),
    CHECK: await fastestOf(3, () => runtime.check(network, attachmentOf(pods[0] as Pod))),
    DEL: await fastestOf(5, (n) => runtime.del(network, attachmentOf(pods[n] as Pod))),
  };
  const starts = Object.fromEntries(Object.entries(took).map(([verb, ms]) => [verb, (ms - WAIT) / start]));
  expect(starts).toEqual({
    ADD: expect.toSatisfy((n: number) => n < 4),
    CHECK: expect.toSatisfy((n: number) => n < 4),
    DEL: expect.toSatisfy((n: number) => n < 4),
  });
});
