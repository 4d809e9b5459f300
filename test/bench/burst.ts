import { load, type Pod } from '../../test-harness/index.ts';
import type { TestNode } from '../fixtures/test-node.ts';
import { type Contender, call, forms, ptp } from './contenders.ts';
import { timeHealthDuring, timeHealthIdle } from './health.ts';
import { type Row, ratioAtMost } from './row.ts';
import type { Section } from './section.ts';
import { addPods, deviceCount, removePods, settled } from './settle.ts';
import { elapsed, type Outcome, time, timeInTurn } from './timer.ts';

/** Milliseconds of calm before a burst in which the daemon is asked for its health. */
const CALM_MS = 500;

/** Milliseconds of all pods' calls at once. */
interface Together {
  /** From the first start to the last end. */
  readonly elapsed: number;
  /** Processor time of the processes, of ours with that of the daemon. */
  readonly processor: number;
}

interface Burst {
  readonly add: Together;
  readonly del: Together;
  /** Milliseconds of each answer of the daemon to a question after its health, before the ADDs and while they ran; none for a peer. */
  readonly idle: readonly number[];
  readonly health: readonly number[];
}

function together(contender: Contender, outcomes: readonly Outcome[]): Together {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const server = contender === ptp ? 0 : sum(outcomes.map((outcome) => outcome.server));
  return { elapsed: elapsed(outcomes), processor: sum(outcomes.map(({ processor }) => processor)) + server };
}

/** All pods at once: ADD, then DEL. Waits until the node is as it was. */
async function burst({ node, daemon }: TestNode, contender: Contender, pods: readonly Pod[]): Promise<Burst> {
  const before = await deviceCount(node);
  const idle = contender === ptp ? [] : await timeHealthIdle(node, CALM_MS);
  const adding = time(node, [{ jobs: pods.map((pod) => call(contender, 'ADD', pod)) }], daemon.pid);
  const { result: added, milliseconds: health } =
    contender === ptp ? { result: await adding, milliseconds: [] } : await timeHealthDuring(node, adding);
  const results = added.map(({ stdout }): unknown => JSON.parse(stdout));
  const jobs = pods.map((pod, index) => call(contender, 'DEL', pod, results[index]));
  const deleted = await time(node, [{ jobs, pause: 300 }], daemon.pid);
  await settled(node, before);
  return { add: together(contender, added), del: together(contender, deleted), idle, health };
}

/** A call that is told to try again, on a machine that has too much to do, spoils a burst and not the benchmark: all is taken away, and begins anew. */
async function patientBurst(axoneme: TestNode, contender: Contender, pods: readonly Pod[], attempts = 3): Promise<Burst> {
  const { node } = axoneme;
  const before = await deviceCount(node);
  try {
    return await burst(axoneme, contender, pods);
  } catch (error) {
    if (attempts === 1) throw error;
    await timeInTurn(
      node,
      pods.map((pod) => call(contender, 'DEL', pod)),
    );
    await settled(node, before);
    return await patientBurst(axoneme, contender, pods, attempts - 1);
  }
}

/** Rows of one verb, by the clock and in processor time. */
function verbRows(verb: 'add' | 'del', pods: number, ours: readonly Burst[], peers: readonly Burst[]): Row[] {
  const what = `${verb.toUpperCase()} of ${pods} pods at once, ${forms[0].id}`;
  const row = (measure: keyof Together) => ({
    unit: 'ms',
    values: ours.map((one) => one[verb][measure]),
    beside: { what: ptp.what, values: peers.map((one) => one[verb][measure]) },
    ...(verb === 'add' && { goal: ratioAtMost(0.4) }),
  });
  return [
    { id: `burst-${verb}`, what, ...row('elapsed') },
    { id: `burst-${verb}-processor`, what: `${what}: processor time`, ...row('processor') },
  ];
}

/** Many pods that come and go at once, ours and ptp's in turns. */
export const bursts: Section = {
  title: 'bursts of ADD and DEL',
  ids: ['burst-'],
  run: async ({ axoneme, extent, say }) => {
    const { node } = axoneme;
    const pods = await addPods(node, 'burst', extent.burst);
    const [a, b]: [Burst[], Burst[]] = [[], []];
    for (let round = 0; round < extent.bursts; round += 1) {
      const order = round % 2 === 0 ? ([a, b] as const) : ([b, a] as const);
      for (const side of order) side.push(await patientBurst(axoneme, side === a ? forms[0] : ptp, pods));
      say(`round ${round + 1} of ${extent.bursts}`);
    }
    await removePods(node, pods);
    const health: Row = {
      id: 'burst-health',
      what: `GET /v1/healthz during ADD of ${extent.burst} pods at once: p99`,
      unit: 'ms',
      values: a.map(({ health: during }) => load.summarize(during).p99),
      beside: { what: 'its median before', values: a.map(({ idle }) => load.summarize(idle).median) },
      goal: ratioAtMost(10),
    };
    return [...verbRows('add', extent.burst, a, b), ...verbRows('del', extent.burst, a, b), health];
  },
};
