import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError } from '../errors.ts';
import { cgroupPids } from '../lab/cgroup.ts';
import type { Machine } from '../lab/machine.ts';
import { INIT_NAME } from '../lab/machine-init.ts';
import { kill } from '../lab/proc.ts';

export interface KillOptions {
  /** milliseconds that the process may live, counted from when it is seen (default 0) */
  readonly after?: number;
  /** default SIGKILL */
  readonly signal?: NodeJS.Signals;
  /** milliseconds to wait for such a process (default 5000) */
  readonly timeout?: number;
}

/** What a killed process was. */
export interface Victim {
  /** as numbered on the real machine */
  readonly pid: number;
  readonly command: string;
  /** it was still alive when the signal was sent */
  readonly hit: boolean;
}

/**
 * Waits for a process, started directly on the machine or in a pod of it (not as a service), whose command line matches, lets it live for a while and
 * kills it: for "the plugin dies in the middle of ADD". Call it before the call that starts the process, without awaiting it. Looks every millisecond.
 *
 * ```ts
 * const killed = killWhenSeen(node, /\/ptp$/, { after: 5 });
 * await runtime.add(network, attachment).catch(() => undefined);
 * console.log(await killed);
 * ```
 * Throws TIMEOUT.
 */
export async function killWhenSeen(machine: Machine, command: RegExp, options: KillOptions = {}): Promise<Victim> {
  const { after = 0, signal = 'SIGKILL', timeout = 5000 } = options;
  const deadline = performance.now() + timeout;
  for (;;) {
    const found = processes(machine).find((process) => command.test(process.command));
    if (found !== undefined) return await end(found, signal, after);
    if (performance.now() > deadline)
      throw new HarnessError('TIMEOUT', `kill ${command} on ${machine.name}: no such process in ${timeout} ms`);
    await sleep(1);
  }
}

function processes(machine: Machine): { readonly pid: number; readonly command: string }[] {
  return cgroupPids(machine.place.cgroup).flatMap((pid) => {
    const command = commandOf(pid);
    // a child of process 1 bears its name until it becomes the command
    return command === '' || command.startsWith(`${INIT_NAME} `) ? [] : [{ pid, command }];
  });
}

async function end(found: { pid: number; command: string }, signal: NodeJS.Signals, after: number): Promise<Victim> {
  if (after > 0) await sleep(after);
  // the number could be somebody else's by now
  const hit = commandOf(found.pid) === found.command && kill(found.pid, signal);
  return { ...found, hit };
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
