import type { Pod } from '../../test-harness/index.ts';
import type { TestNode } from '../fixtures/test-node.ts';
import { bareNode, bridge, type Contender, call, cold, coldVersion, masquerade, ptp, warm } from './contenders.ts';
import { type Goal, type Row, ratioAtMost, spreadAtMost } from './row.ts';
import type { Section, Stage } from './section.ts';
import { addPods, removePods } from './settle.ts';
import { type Job, timeInTurn } from './timer.ts';

/** What can be asked for in turns. */
type Entrant = Contender['id'] | 'node' | 'version';
type Verb = 'ADD' | 'CHECK' | 'DEL';

/** Milliseconds, one value per round. */
interface Series {
  readonly elapsed: number[];
  /** Processor time of the entrant's processes; of ours also what the daemon took until the next in turn began. */
  readonly processor: number[];
}

/** By verb and entrant; values of one round were measured one after the other. */
type Times = Readonly<Record<Verb, Map<Entrant, Series>>>;

/** Rounds between two clearances: so many pods per contender live at once. */
const LAP = 20;

/**
 * Pauses before each process, in milliseconds. After a DEL the kernel goes on burying the device for some time, whether it is in the answer's time
 * or not, and the next in turn must not wait for it.
 */
const PAUSE: Readonly<Record<Verb, number>> = { ADD: 3, CHECK: 3, DEL: 120 };

interface Turn {
  readonly entrant: Entrant;
  readonly contender?: Contender;
  readonly pod?: Pod;
}

/** The turns of one lap: in each round everybody once, and everybody first now and then. */
function turns(contenders: readonly Contender[], pods: readonly Pod[], rounds: number): Turn[] {
  return Array.from({ length: rounds }, (_, round) => {
    const order = contenders.map((_, place) => (place + round) % contenders.length);
    return order.map((which): Turn => {
      const contender = contenders[which] as Contender;
      return { entrant: contender.id, contender, pod: pods[round * contenders.length + which] as Pod };
    });
  }).flat();
}

/** Beside the cold form also what any Node process takes. */
const bareOf = (contenders: readonly Contender[]): readonly Turn[] =>
  contenders.includes(cold) && contenders.includes(ptp) ? [{ entrant: 'node' }, { entrant: 'version' }] : [];
const bareJobs: Readonly<Partial<Record<Entrant, Job>>> = { node: bareNode, version: coldVersion };

/** Runs a verb for every turn and keeps the times. Answers what the processes printed. */
async function runVerb({ node, daemon }: TestNode, verb: Verb, order: readonly Turn[], results: ReadonlyMap<Pod, unknown>, times: Times) {
  const jobOf = ({ entrant, contender, pod }: Turn): Job =>
    contender && pod ? call(contender, verb, pod, results.get(pod)) : (bareJobs[entrant] as Job);
  const outcomes = await timeInTurn(node, order.map(jobOf), PAUSE[verb], daemon.pid);
  for (const [index, { milliseconds, processor, server }] of outcomes.entries()) {
    const { entrant, contender } = order[index] as Turn;
    const series = times[verb].get(entrant) ?? { elapsed: [], processor: [] };
    times[verb].set(entrant, series);
    series.elapsed.push(milliseconds);
    series.processor.push(contender === warm || contender === cold ? processor + server : processor);
  }
  return outcomes.map(({ stdout }) => stdout);
}

/** ADD, CHECK and DEL of every contender in turns, and Node's bare start with the ADDs. */
export async function timeVerbs(axoneme: TestNode, contenders: readonly Contender[], rounds: number, say: Stage['say']): Promise<Times> {
  const { node } = axoneme;
  const times: Times = { ADD: new Map(), CHECK: new Map(), DEL: new Map() };
  const lap = Math.min(LAP, rounds);
  const pods = await addPods(node, 'verbs', lap * contenders.length);
  for (let done = 0; done < rounds; done += lap) {
    const order = turns(contenders, pods, Math.min(lap, rounds - done));
    const results = new Map<Pod, unknown>();
    // Node's bare start once a round, where the contenders of the round are
    const adds = order.flatMap((turn, index) => (index % contenders.length === 0 ? [...bareOf(contenders), turn] : [turn]));
    const printed = await runVerb(axoneme, 'ADD', adds, results, times);
    for (const [index, { pod }] of adds.entries()) if (pod) results.set(pod, JSON.parse(printed[index] ?? ''));
    await runVerb(axoneme, 'CHECK', order, results, times);
    await runVerb(axoneme, 'DEL', order, results, times);
    say(`round ${Math.min(done + lap, rounds)} of ${rounds}`);
  }
  await removePods(node, pods);
  return times;
}

/** The rows of two entrants of one verb, by the clock and in processor time; none when one of them did not take part. */
function pair(times: Times, verb: Verb, id: string, ours: Contender, peer: Contender, goal?: Goal): Row[] {
  const [a, b] = [times[verb].get(ours.id), times[verb].get(peer.id)];
  if (a === undefined || b === undefined) return [];
  const row = (measure: keyof Series) => ({ unit: 'ms', values: a[measure], beside: { what: peer.what, values: b[measure] } });
  const what = `${verb}, ${ours.id}`;
  return [
    { id, what, ...row('elapsed'), ...(goal && { goal }) },
    { id: `${id}-processor`, what: `${what}: processor time`, ...row('processor'), ...(goal && { goal }) },
  ];
}

/** The rows of one form of ours against every reference plugin that took part. */
function rowsOf(times: Times, ours: Contender, goals: Readonly<Partial<Record<Verb, Goal>>>): Row[] {
  return (['ADD', 'CHECK', 'DEL'] as const).flatMap((verb) =>
    [ptp, bridge, masquerade].flatMap((peer) => {
      const id = `${verb.toLowerCase()}-${ours.id}${peer === ptp ? '' : `-${peer.id}`}`;
      return pair(times, verb, id, ours, peer, peer === ptp ? goals[verb] : undefined);
    }),
  );
}

/** Milliseconds of an entrant's ADDs. */
export function elapsed(times: Times, entrant: Entrant): readonly number[] | undefined {
  return times.ADD.get(entrant)?.elapsed;
}

/** What a process of ours may take beyond the start of Node, in milliseconds, before the factor of its goal. */
const COLD_WORK_MS = 6;

function coldStartRows(times: Times): Row[] {
  const [add, version, node] = [elapsed(times, 'cold'), elapsed(times, 'version'), elapsed(times, 'node')];
  if (add === undefined || version === undefined || node === undefined) return [];
  const allowed = node.map((milliseconds) => milliseconds + COLD_WORK_MS);
  return [
    {
      id: 'add-cold-start',
      what: 'ADD, cold',
      unit: 'ms',
      values: add,
      beside: { what: `Node's bare start + ${COLD_WORK_MS} ms`, values: allowed },
      goal: ratioAtMost(1.5),
    },
    { id: 'version-cold', what: 'VERSION, cold', unit: 'ms', values: version, beside: { what: "Node's bare start", values: node } },
  ];
}

/** So many times the rounds of a match tell how far ADDs scatter: of a hundred values the second largest says what the p99 is. */
const SPREAD_ROUNDS = 3;

/** How far our own ADDs scatter, with no peer's work between them. */
async function spreadRow({ axoneme, extent: { calls }, say }: Stage): Promise<Row> {
  const times = await timeVerbs(axoneme, [warm], calls * SPREAD_ROUNDS, (text) => say(`${warm.id} alone: ${text}`));
  return { id: 'add-spread', what: `ADD, ${warm.id}, alone`, unit: 'ms', values: elapsed(times, warm.id) ?? [], goal: spreadAtMost(3) };
}

const WARM_GOALS = { ADD: ratioAtMost(0.5), DEL: ratioAtMost(0.15) } as const;

/** All rows that follow from the times of one node's contenders. */
export function verbRows(times: Times): Row[] {
  return [...rowsOf(times, warm, WARM_GOALS), ...rowsOf(times, cold, {}), ...coldStartRows(times)];
}

/**
 * Who is measured against whom, and in how many of the rounds. Two at a time: what a third one leaves behind in caches and in the kernel's queues would
 * be on the next one's account.
 */
const matches: readonly { readonly ours: Contender; readonly peer: Contender; readonly share: number }[] = [
  { ours: warm, peer: ptp, share: 1 },
  { ours: warm, peer: bridge, share: 0.4 },
  { ours: warm, peer: masquerade, share: 0.4 },
  { ours: cold, peer: ptp, share: 0.4 },
  { ours: cold, peer: bridge, share: 0.2 },
  { ours: cold, peer: masquerade, share: 0.2 },
];

export const verbs: Section = {
  title: 'ADD, CHECK and DEL, one at a time, in turns with a reference plugin',
  ids: ['add-', 'check-', 'del-', 'version-'],
  run: async (stage) => {
    const { axoneme, extent, say } = stage;
    const rows: Row[] = [];
    // Uncounted: a daemon's code is compiled when it has been met some hundred times.
    await timeVerbs(axoneme, [warm, ptp], Math.ceil(extent.calls / 2), (text) => say(`before all: ${text}`));
    for (const { ours, peer, share } of matches) {
      const tell = (text: string) => say(`${ours.id} and ${peer.what}: ${text}`);
      rows.push(...verbRows(await timeVerbs(axoneme, [ours, peer], Math.ceil(extent.calls * share), tell)));
    }
    return [...rows, await spreadRow(stage)];
  },
};
