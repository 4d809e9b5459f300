/**
 * Runs inside a node of the lab: starts one process after the other and times each from spawn to exit, without the cost of entering
 * the node's namespaces. Reads a JSON list of jobs from stdin, writes a JSON list of outcomes.
 */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Job {
  readonly argv: readonly [string, ...string[]];
  /** The whole environment: nothing of the caller's is passed on, as NODE_* alone can double the start of a Node process. */
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
}

export interface Outcome {
  readonly milliseconds: number;
  readonly code: number | null;
  readonly stdout: string;
}

async function run({ argv: [command, ...args], env, input }: Job): Promise<Outcome> {
  const started = performance.now();
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  const [stdout, code] = await Promise.all([text(child.stdout), new Promise<number | null>((resolve) => child.on('close', resolve))]);
  return { milliseconds: performance.now() - started, code, stdout };
}

async function main(): Promise<void> {
  const jobs: Job[] = JSON.parse(await text(process.stdin));
  const outcomes: Outcome[] = [];
  for (const job of jobs) outcomes.push(await run(job));
  process.stdout.write(JSON.stringify(outcomes));
}

if (import.meta.main) await main();
