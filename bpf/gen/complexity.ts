import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { loadObject } from '../../native/index.ts';
import { type DatapathSettings, monitorAggregation, type ProgramName, programs } from '../layout.generated.ts';
import { callGraph, deepestStack } from './calls.ts';

const root = join(import.meta.dirname, '..', '..');
const file = join(root, 'bpf', 'complexity.json');

const objectOf = (name: ProgramName) => join(root, 'dist', 'bpf', `${programs[name].object}.o`);

/** What a program takes of what the verifier grants. */
export interface Cost {
  /** Instructions that the verifier walks; it grants a million. */
  readonly instructions: number;
  /** Bytes of stack that the deepest chain of calls takes; the verifier grants 512. */
  readonly stack: number;
}

/** Program → cost. */
export type Complexity = Readonly<Record<string, Cost>>;

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
  cfg_preemptible: 1,
};

/** What the verifier says at its end, on every kernel (print_verification_stats); bpf_prog_info has it only since 5.16. */
function processed(log: string): number {
  const [, instructions] = /^processed (\d+) insns/m.exec(log) ?? [];
  if (instructions === undefined) throw new Error(`read the verifier's statistics: '${log}' has none`);
  return Number(instructions);
}

/** Of each function in the order in which it was loaded: `stack depth 160+16`, or since Linux 7 a line `subprog 1 (step) ... stack 16` for each. */
function stackDepths(log: string): number[] {
  const [, sum] = /^stack depth ([\d+]+)/m.exec(log) ?? [];
  const depths = sum === undefined ? [...log.matchAll(/^subprog \d+ .* stack (\d+)/gm)].map(([, depth]) => depth) : sum.split('+');
  if (depths.length === 0) throw new Error(`read the verifier's statistics: '${log}' has no stack depth`);
  return depths.map(Number);
}

/** Loads one program; answers with the verifier's statistics. Throws VerifierError when it is refused. */
async function load(name: ProgramName, rodata: DatapathSettings): Promise<string> {
  using object = await loadObject({ path: objectOf(name), programs: [name], rodata, verifierStatistics: true });
  return object.verifierLog;
}

/** Loads every program (needs CAP_BPF) with these settings. Throws VerifierError when one is refused. */
export async function loadEvery(changes: Partial<DatapathSettings>): Promise<void> {
  for (const name of Object.keys(programs) as ProgramName[]) await load(name, { ...everything, ...changes });
}

/** Loads every program (needs CAP_BPF). Throws VerifierError when one is refused. */
export async function measureComplexity(): Promise<Complexity> {
  const measured: Record<string, Cost> = {};
  for (const name of Object.keys(programs) as ProgramName[]) {
    const log = await load(name, everything);
    measured[name] = { instructions: processed(log), stack: deepestStack(callGraph(readFileSync(objectOf(name)), name), stackDepths(log)) };
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
  const rows = Object.keys(programs).map((name) => row([`\`${name}\``, ...all.map(([, costs]) => format(costs[name]))]));
  return [...head, ...rows].join('\n');
}

const format = (cost: Cost | undefined) => (cost ? `${cost.instructions.toLocaleString('en').replaceAll(',', ' ')} / ${cost.stack}` : '');

/** `node bpf/gen/complexity.ts`: records this kernel's numbers; with `--print` it only says them. */
if (import.meta.main) {
  const measured = { [kernel()]: await measureComplexity() };
  if (process.argv.includes('--print')) process.stdout.write(`${JSON.stringify(measured)}\n`);
  else recordComplexity(measured);
}
