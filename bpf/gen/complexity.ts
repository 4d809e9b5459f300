import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { loadObject } from '../../native/index.ts';
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

/** What the verifier says at its end, on every kernel (print_verification_stats); bpf_prog_info has it only since 5.16. */
function processed(log: string): number {
  const [, instructions] = /^processed (\d+) insns/m.exec(log) ?? [];
  if (instructions === undefined) throw new Error(`read the verifier's statistics: '${log}' has none`);
  return Number(instructions);
}

/** Loads every program (needs CAP_BPF). Throws VerifierError when one is refused. */
export async function measureComplexity(changes: Partial<DatapathSettings> = {}): Promise<Complexity> {
  const measured: Record<string, number> = {};
  for (const name of Object.keys(programs) as ProgramName[]) {
    using object = await loadObject({
      path: join(root, 'dist', 'bpf', `${programs[name].object}.o`),
      programs: [name],
      rodata: { ...everything, ...changes },
      verifierStatistics: true,
    });
    measured[name] = processed(object.verifierLog);
  }
  return measured;
}

const versionOf = (name: string) => Number(name.split('.')[0]) * 1000 + Number(name.split('.')[1]);

/** Adds kernels' numbers to bpf/complexity.json, old kernels first. */
export function recordComplexity(measured: Readonly<Record<string, Complexity>>): void {
  const all = Object.entries({ ...readComplexity(), ...measured }).sort(([left], [right]) => versionOf(left) - versionOf(right));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`);
}

/** The table of docs/kernels.md: a row per program, a column per kernel. */
export function complexityTable(): string {
  const all = Object.entries(readComplexity());
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const head = [row(['program', ...all.map(([name]) => name)]), row(['---', ...all.map(() => '---:')])];
  const rows = Object.keys(programs).map((name) => row([`\`${name}\``, ...all.map(([, counts]) => format(counts[name]))]));
  return [...head, ...rows].join('\n');
}

const format = (count: number | undefined) => count?.toLocaleString('en').replaceAll(',', ' ') ?? '';

/** `node bpf/gen/complexity.ts`: records this kernel's numbers; with `--print` it only says them. */
if (import.meta.main) {
  const measured = { [kernel()]: await measureComplexity() };
  if (process.argv.includes('--print')) process.stdout.write(`${JSON.stringify(measured)}\n`);
  else recordComplexity(measured);
}
