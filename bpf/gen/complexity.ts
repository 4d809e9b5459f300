import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { loadObject, programInfo } from '../../native/index.ts';
import { type DatapathSettings, monitorAggregation, type ProgramName, programs } from '../layout.generated.ts';

const root = join(import.meta.dirname, '..', '..');
const file = join(root, 'bpf', 'complexity.json');

/** Instructions that the verifier walks, per program. */
export type Complexity = Readonly<Record<string, number>>;

/** `6.18`: the verifier of a release, so numbers of one release compare. */
export const kernel = (): string => release().split('.').slice(0, 2).join('.');

/** bpf/complexity.json: kernel → what was measured there. */
export const readComplexity = (): Readonly<Record<string, Complexity>> => JSON.parse(readFileSync(file, 'utf8'));

const ones = (length: number) => new Uint8Array(length).fill(1);

/** Settings with which nothing is cut away: a setting that is zero lets the verifier skip what it switches. */
export const everything: DatapathSettings = {
  cfg_host_ifindex: 1,
  cfg_host_mac: ones(6),
  cfg_net_ifindex: 1,
  cfg_router4: ones(16),
  cfg_router6: ones(16),
  cfg_monitor_aggregation: monitorAggregation.NONE,
};

/** Loads every program (needs CAP_BPF). Throws VerifierError when one is refused. */
export async function measureComplexity(changes: Partial<DatapathSettings> = {}): Promise<Complexity> {
  const measured: Record<string, number> = {};
  for (const name of Object.keys(programs) as ProgramName[]) {
    using object = await loadObject({
      path: join(root, 'dist', 'bpf', `${programs[name].object}.o`),
      rodata: { ...everything, ...changes },
    });
    measured[name] = programInfo(object.program(name)).verifiedInstructions;
  }
  return measured;
}

/** `node bpf/gen/complexity.ts`: records this kernel's numbers. */
if (import.meta.main) {
  const all = { ...readComplexity(), [kernel()]: await measureComplexity() };
  writeFileSync(file, `${JSON.stringify(all, undefined, 2)}\n`);
}
