/**
 * Preloaded into the plugin or the daemon (`NODE_OPTIONS=--require=...`): kills the process at one step of those that it publishes on the channel
 * `axoneme:step`. Which one stands in the file that `AXONEME_FAILPOINT` names, as `STEP PHASE NTH ACTION`; it may change while the process runs.
 * Beside it, `FILE.fired` says that it happened, and what the process had published last before. ACTION is `kill` (SIGKILL), or `hold`, which lasts until the file says something else.
 */
import { subscribe } from 'node:diagnostics_channel';
import { readFileSync, writeFileSync } from 'node:fs';
import type { StepMessage } from '../../conf/step.ts';

const file = process.env['AXONEME_FAILPOINT'] ?? '';
const seen = new Map<string, number>();
let last = '';

function armed(): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

subscribe('axoneme:step', (message) => {
  const { step, phase } = message as StepMessage;
  pass(step, phase);
  last = `${phase} ${step}`;
});

/** Dies or waits here, if it is to. */
function pass(step: string, phase: string): void {
  const wanted = armed();
  if (wanted === '') return void seen.clear();
  const [name, moment, nth = '1', action = 'kill'] = wanted.split(' ');
  if (name !== step || moment !== phase) return;
  const count = (seen.get(wanted) ?? 0) + 1;
  seen.set(wanted, count);
  if (count !== Number(nth)) return;
  writeFileSync(`${file}.fired`, last);
  if (action === 'hold') hold(wanted);
  // a process's own signal arrives before kill(2) returns (its "Notes")
  else process.kill(process.pid, 'SIGKILL');
}

/** Waits, with the thread blocked, until the failpoint is another one or none. */
function hold(wanted: string): void {
  while (armed() === wanted) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}
