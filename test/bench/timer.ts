import { join } from 'node:path';
import type { Node } from '../../test-harness/index.ts';
import { pidInside } from './process.ts';

/** The clock that the build makes of `timer.c`; it says there what it does and how jobs and outcomes are written. */
const timer = join(import.meta.dirname, '..', '..', 'dist', 'bench', 'timer');

/** A process to be timed. */
export interface Job {
  readonly argv: readonly [string, ...string[]];
  /** The whole environment: nothing of the caller's is passed on, as NODE_* alone can double the start of a Node process. */
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
}

/** Jobs that start at once, some milliseconds after those before them have ended. */
export interface Batch {
  readonly jobs: readonly Job[];
  readonly pause?: number;
}

/** How one process went. */
export interface Outcome {
  /** Milliseconds from before its spawn to after its end. */
  readonly milliseconds: number;
  /** On the clock of the run. */
  readonly began: number;
  readonly ended: number;
  /** Milliseconds of processor time of the process and those it waited for. */
  readonly processor: number;
  /** The same of the server from the start of the job's batch to that of the next, the pause included; with the batch's first job. */
  readonly server: number;
  /** Exit status, or 128 and the number of the signal. */
  readonly status: number;
  readonly stdout: string;
}

/** A pipe's capacity (pipe(7)): stdin is in it before the clock starts. */
const MAX_INPUT = 65_536;

function encode({ argv, env, input }: Job, batch: number, pause: number): string {
  const bytes = Buffer.byteLength(input);
  if (bytes > MAX_INPUT) throw new Error(`time ${argv[0]}: ${bytes} bytes of stdin, more than a pipe holds`);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const strings = [...argv, ...variables].map((text) => `${text}\0`).join('');
  return `${batch} ${pause} ${argv.length} ${variables.length} ${bytes}\n${strings}${input}`;
}

/** What the timer reads for these batches. */
export function encodeBatches(batches: readonly Batch[]): string {
  return batches.flatMap(({ jobs, pause = 0 }, number) => jobs.map((job) => encode(job, number, pause))).join('');
}

/** What the timer wrote, in the order of the jobs. */
export function decodeOutcomes(text: string): Outcome[] {
  const bytes = Buffer.from(text);
  const outcomes: Outcome[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\n', at);
    const numbers = bytes.toString('latin1', at, end).split(' ').map(Number);
    const [began = 0, ended = 0, processor = 0, server = 0] = numbers.map((nanoseconds) => nanoseconds / 1e6);
    const [status = 0, size = 0] = numbers.slice(4);
    const stdout = bytes.toString('utf8', end + 1, end + 1 + size);
    outcomes.push({ milliseconds: ended - began, began, ended, processor, server, status, stdout });
    at = end + 1 + size + 1;
  }
  return outcomes;
}

/** Runs the batches on a node, one after the other. `server`: pid of a process that works for them. Throws when a process fails, with what it said. */
export async function time(node: Node, batches: readonly Batch[], server?: number): Promise<Outcome[]> {
  const argv = [timer, ...(server === undefined ? [] : [String(pidInside(server))])] as const;
  const outcomes = decodeOutcomes(await node.run([...argv], { input: encodeBatches(batches), timeout: 300_000 }));
  const jobs = batches.flatMap((batch) => batch.jobs);
  for (const [index, { status, stdout }] of outcomes.entries()) {
    if (status === 0) continue;
    const { argv, env } = jobs[index] as Job;
    throw new Error(`time ${env['CNI_COMMAND'] ?? ''} of ${argv[0]}: exit status ${status}: ${stdout.trim()}`);
  }
  return outcomes;
}

/** The same for one job after the other. */
export function timeInTurn(node: Node, jobs: readonly Job[], pause = 0, server?: number): Promise<Outcome[]> {
  const batches = jobs.map((job) => ({ jobs: [job], pause }));
  return time(node, batches, server);
}

/** Milliseconds from the first start to the last end. */
export function elapsed(outcomes: readonly Outcome[]): number {
  return Math.max(...outcomes.map(({ ended }) => ended)) - Math.min(...outcomes.map(({ began }) => began));
}
