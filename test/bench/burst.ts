import type { Node, Pod } from '../../test-harness/index.ts';
import { type Contender, call, forms, ptp } from './contenders.ts';
import { timeHealthDuring } from './health.ts';
import { p99AtMost, type Row, ratioAtMost } from './row.ts';
import type { Section } from './section.ts';
import { addPods, deviceCount, removePods, settled } from './settle.ts';
import { elapsed, time, timeInTurn } from './timer.ts';

/** Within so many milliseconds a daemon that adds pods still answers others. */
const HEALTH_MS = 50;

/** Milliseconds of one burst. */
interface Burst {
  readonly add: number;
  readonly del: number;
  /** Of each answer of the daemon to a question after its health, while the ADDs ran; none for a peer. */
  readonly health: readonly number[];
}

/** All pods at once: ADD, then DEL. Waits until the node is as it was. */
async function burst(node: Node, contender: Contender, pods: readonly Pod[]): Promise<Burst> {
  const before = await deviceCount(node);
  const adding = time(node, [{ jobs: pods.map((pod) => call(contender, 'ADD', pod)) }]);
  const { result: added, milliseconds: health } =
    contender === ptp ? { result: await adding, milliseconds: [] } : await timeHealthDuring(node, adding);
  const results = added.map(({ stdout }): unknown => JSON.parse(stdout));
  const deleted = await time(node, [{ jobs: pods.map((pod, index) => call(contender, 'DEL', pod, results[index])), pause: 300 }]);
  await settled(node, before);
  return { add: elapsed(added), del: elapsed(deleted), health };
}

/** A call that is told to try again, on a machine that has too much to do, spoils a burst and not the benchmark: all is taken away, and begins anew. */
async function patientBurst(node: Node, contender: Contender, pods: readonly Pod[], attempts = 3): Promise<Burst> {
  const before = await deviceCount(node);
  try {
    return await burst(node, contender, pods);
  } catch (error) {
    if (attempts === 1) throw error;
    await timeInTurn(
      node,
      pods.map((pod) => call(contender, 'DEL', pod)),
    );
    await settled(node, before);
    return await patientBurst(node, contender, pods, attempts - 1);
  }
}

/** Many pods that come and go at once, ours and ptp's in turns. */
export const bursts: Section = {
  title: 'bursts of ADD and DEL',
  ids: ['burst-'],
  run: async ({ axoneme: { node }, extent, say }) => {
    const [ours] = forms;
    const pods = await addPods(node, 'burst', extent.burst);
    const [a, b]: [Burst[], Burst[]] = [[], []];
    for (let round = 0; round < extent.bursts; round += 1) {
      const order = round % 2 === 0 ? ([a, b] as const) : ([b, a] as const);
      for (const side of order) side.push(await patientBurst(node, side === a ? ours : ptp, pods));
      say(`round ${round + 1} of ${extent.bursts}`);
    }
    await removePods(node, pods);
    const row = (verb: 'add' | 'del'): Row => ({
      id: `burst-${verb}`,
      what: `${verb.toUpperCase()} of ${extent.burst} pods at once, ${ours.id}`,
      unit: 'ms',
      values: a.map((one) => one[verb]),
      beside: { what: ptp.what, values: b.map((one) => one[verb]) },
      ...(verb === 'add' && { goal: ratioAtMost(0.5) }),
    });
    const health: Row = {
      id: 'burst-health',
      what: `GET /v1/healthz during ADD of ${extent.burst} pods at once`,
      unit: 'ms',
      values: a.flatMap((one) => one.health),
      goal: p99AtMost(HEALTH_MS),
    };
    return [row('add'), row('del'), health];
  },
};
