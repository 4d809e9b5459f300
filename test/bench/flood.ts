import { join } from 'node:path';
import type { TestNode } from '../fixtures/test-node.ts';
import { warm } from './contenders.ts';
import { processorMs } from './process.ts';
import { medianAtMost, type Row, ratioAtMost } from './row.ts';
import type { Section, Stage } from './section.ts';
import { elapsed, timeVerbs } from './verbs.ts';

const flood = join(import.meta.dirname, '..', '..', 'dist', 'bench', 'flood');

/** A frame from a MAC address that is not the pod's: it is dropped at the pod's device. */
const SPOOFED = `${'02'.repeat(6)}${'04'.repeat(6)}0800${'00'.repeat(46)}`;

/** The processor that the pod floods on: the last one, where the benchmark's own processes are seldom. */
const CPU = '1';
/** Seconds, longer than what is measured meanwhile; it is ended afterwards. */
const SECONDS = '600';

/** What some ADDs took while the daemon's processor time was counted. */
interface Lap {
  readonly adds: readonly number[];
  /** Percent of one core that the daemon used, ADDs included. */
  readonly share: number;
}

async function lap(axoneme: TestNode, calls: number, say: Stage['say']): Promise<Lap> {
  const pid = axoneme.daemon.pid ?? 0;
  const [before, began] = [processorMs(pid), performance.now()];
  const times = await timeVerbs(axoneme, [warm], calls, say);
  return { adds: elapsed(times, warm.id) ?? [], share: ((processorMs(pid) - before) / (performance.now() - began)) * 100 };
}

/** Frames that the pod has to have sent for the numbers to mean something. */
const LEAST_DROPPED = 10_000;

const silent = () => undefined;

/** Packets dropped for their MAC address so far. */
async function spoofed(axoneme: TestNode): Promise<number> {
  const { drops } = JSON.parse(await axoneme.cli('status', '-o', 'json')) as { drops: { reason: string; packets: string }[] };
  return Number(drops.find(({ reason }) => reason === 'spoofed mac')?.packets ?? 0);
}

/** One pod has its packets dropped as fast as one processor sends them; other pods are added meanwhile, and without it, in turns. */
export const floods: Section = {
  title: 'ADD beside a pod whose packets are dropped as fast as it sends them',
  ids: ['flood-'],
  run: async ({ axoneme, extent, say }) => {
    const { pod } = await axoneme.add('flood');
    const laps: { calm: Lap; flooded: Lap }[] = [];
    const calls = Math.ceil(extent.calls / 5);
    const before = await spoofed(axoneme);
    for (let round = 0; round < extent.bursts * 2; round += 1) {
      const calm = await lap(axoneme, calls, silent);
      const flooding = pod.spawn(['taskset', '-c', CPU, flood, 'eth0', SECONDS, SPOOFED]);
      const flooded = await lap(axoneme, calls, silent);
      await flooding.stop();
      laps.push({ calm, flooded });
      say(`round ${round + 1} of ${extent.bursts * 2}`);
    }
    const dropped = (await spoofed(axoneme)) - before;
    if (dropped < LEAST_DROPPED) throw new Error(`flood: only ${dropped} packets of the pod were dropped`);
    await axoneme.delete(pod);
    const rows: Row[] = [
      {
        id: 'flood-add',
        what: 'ADD, warm, beside a pod that floods drops',
        unit: 'ms',
        values: laps.flatMap(({ flooded }) => flooded.adds),
        beside: { what: 'without it', values: laps.flatMap(({ calm }) => calm.adds) },
        goal: ratioAtMost(1.2),
      },
      {
        id: 'flood-daemon',
        what: 'daemon beside a pod that floods drops, beyond what its calls take',
        unit: '% of a core',
        values: laps.map(({ calm, flooded }) => Math.max(0, flooded.share - calm.share)),
        goal: medianAtMost(10),
      },
    ];
    return rows;
  },
};
