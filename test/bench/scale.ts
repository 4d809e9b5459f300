import { setTimeout as sleep } from 'node:timers/promises';
import { dualStack, executables } from '../fixtures/axoneme.ts';
import { TestNode } from '../fixtures/test-node.ts';
import { call, forms } from './contenders.ts';
import { timeStart } from './health.ts';
import { kernelMebibytes, pinnedObjects } from './kernel-memory.ts';
import { processorMs, residentMegabytes } from './process.ts';
import { type Goal, medianAtMost, type Row } from './row.ts';
import type { Section, Stage } from './section.ts';
import { addPods } from './settle.ts';
import { time } from './timer.ts';

/** Pods that are added at once while a node fills. */
const AT_ONCE = 25;
/** Milliseconds after which a daemon has let go of its start. */
const CALM_MS = 2000;
/** Milliseconds after which it counts as idle: it collects what work has left in the first second that is calm. */
const IDLE_MS = 5000;

/** Room for more pods than any node has. */
const config = {
  ...dualStack,
  ipam: { ...dualStack.ipam, operator: { ...dualStack.ipam.operator, clusterPoolIPv4MaskSize: 22, clusterPoolIPv6MaskSize: 118 } },
};

function pidOf({ daemon }: TestNode): number {
  const { pid } = daemon;
  if (pid === undefined) throw new Error('look at the daemon: it is not running');
  return pid;
}

/** Percent of one core that the idle daemon uses. */
async function idleShare(axoneme: TestNode, milliseconds: number): Promise<number> {
  await sleep(IDLE_MS);
  const [pid, before, began] = [pidOf(axoneme), processorMs(pidOf(axoneme)), performance.now()];
  await sleep(milliseconds);
  return ((processorMs(pid) - before) / (performance.now() - began)) * 100;
}

async function addTo(axoneme: TestNode, from: number, to: number): Promise<void> {
  const pods = await addPods(axoneme.node, `scale-${from}`, to - from);
  const batches = Array.from({ length: Math.ceil(pods.length / AT_ONCE) }, (_, n) => pods.slice(n * AT_ONCE, (n + 1) * AT_ONCE));
  await time(
    axoneme.node,
    batches.map((batch) => ({ jobs: batch.map((pod) => call(forms[0], 'ADD', pod)) })),
  );
}

/** Ends the daemon and starts it again, several times. Throws when a program was loaded again that did not change. */
async function timeRestarts(axoneme: TestNode, times: number): Promise<number[]> {
  const before = await pinnedObjects(axoneme.node);
  const values: number[] = [];
  for (let n = 0; n < times; n += 1) {
    await axoneme.daemon.stop();
    values.push(await timeStart(axoneme));
  }
  const after = await pinnedObjects(axoneme.node);
  const ids = ({ programs, maps }: typeof before) => [...programs, ...maps].map(({ id }) => id).join(' ');
  if (ids(before) !== ids(after)) throw new Error('start the daemon again: it loaded programs that had not changed');
  return values;
}

/** Starts on a node that has nothing of ours: programs are verified, the node's leg is made. */
async function timeFirstStarts(axoneme: TestNode, times: number): Promise<number[]> {
  const values: number[] = [];
  for (let n = 0; n < times; n += 1) {
    await axoneme.daemon.stop();
    await axoneme.node.run([executables.axoneme, 'daemon', '--cleanup']);
    values.push(await timeStart(axoneme));
  }
  return values;
}

const row = (id: string, what: string, unit: string, values: readonly number[], goal?: Goal): Row => ({
  id: `daemon-${id}`,
  what: `daemon: ${what}`,
  unit,
  values,
  ...(goal && { goal }),
});

/** Goals at no pods, and at as many as a node has. */
const MEMORY_MB = { none: 80, all: 110 } as const;
const START_MS = { none: 500, all: 1500 } as const;
const IDLE_PERCENT = 0.5;
const KERNEL_MIB = 60;

/** What the daemon of a node with so many pods holds and takes; its last start was with them. */
async function look(axoneme: TestNode, pods: number, isLast: boolean, { extent, say }: Stage): Promise<Row[]> {
  const share = await idleShare(axoneme, extent.idle);
  const memory = residentMegabytes(pidOf(axoneme));
  const kernel = kernelMebibytes(await pinnedObjects(axoneme.node));
  const starts = await timeRestarts(axoneme, extent.starts);
  await sleep(CALM_MS);
  const restored = residentMegabytes(pidOf(axoneme));
  say(`${pods} pods: ${memory.toFixed(1)} MB, ${share.toFixed(2)} % of a core`);
  const bounds = pods === 0 ? 'none' : isLast ? 'all' : undefined;
  const at = (of: { none: number; all: number }) => bounds && medianAtMost(of[bounds]);
  return [
    row(`memory-${pods}`, `resident, ${pods} pods`, 'MB', [memory], at(MEMORY_MB)),
    row(`memory-${pods}-restored`, `resident, restarted with ${pods} pods`, 'MB', [restored], at(MEMORY_MB)),
    row(`idle-${pods}`, `processor when idle, ${pods} pods`, '% of a core', [share], bounds && medianAtMost(IDLE_PERCENT)),
    row(`start-${pods}`, `start with ${pods} pods`, 'ms', starts, at(START_MS)),
    row(`kernel-${pods}`, `maps and programs, ${pods} pods`, 'MiB', [kernel], medianAtMost(KERNEL_MIB)),
  ];
}

/** One node that fills: memory, idle processor time, start-up, and what the kernel holds for maps and programs. */
export const scale: Section = {
  title: 'the daemon, from no pods to many',
  ids: ['daemon-'],
  run: async (stage) => {
    const { lab, extent } = stage;
    const node = await lab.addNode('scale', { realRcuExpedited: true });
    await using axoneme = await TestNode.start(node, { config });
    const first = await timeFirstStarts(axoneme, Math.min(3, extent.starts));
    const rows = [row('first-start', 'first start on a node', 'ms', first, medianAtMost(START_MS.none))];
    for (const [index, pods] of extent.scale.entries()) {
      if (pods > 0) await addTo(axoneme, extent.scale[index - 1] ?? 0, pods);
      rows.push(...(await look(axoneme, pods, index === extent.scale.length - 1, stage)));
    }
    return rows;
  },
};
