import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError } from '../errors.ts';
import { thaw } from '../lab/cgroup.ts';
import type { Machine } from '../lab/machine.ts';
import type { Service } from '../lab/service.ts';
import { type Fault, faultOf } from './fault.ts';

/** What can be stopped as a whole: a service with all of its children, or everything that runs on a machine. */
export type Freezable = Service | Machine;

/** Milliseconds until a frozen cgroup must say that it is: a process in the middle of a system call is waited for. */
const PATIENCE = 5000;

function cgroupOf(target: Freezable): string {
  return 'place' in target ? target.place.cgroup : target.cgroup;
}

/** cgroup.freeze of cgroup v2 (kernel 5.2; Documentation/admin-guide/cgroup-v2.rst). Needs no controller; SIGKILL works on what is frozen. */
function freeze(target: Freezable): void {
  try {
    writeFileSync(`${cgroupOf(target)}/cgroup.freeze`, '1');
  } catch (cause) {
    throw new HarnessError('SERVICE_FAILED', `freeze ${target.name}: it has ended`, { cause });
  }
}

function isFrozen(target: Freezable): boolean {
  const file = `${cgroupOf(target)}/cgroup.events`;
  return !existsSync(file) || /^frozen 1$/m.test(readFileSync(file, 'utf8'));
}

/**
 * Stops every process of a service, or of a machine, between two instructions, as a hung daemon or a node whose user space hangs: connections stay
 * open, the kernel still answers pings, nobody is sent a signal. Resolves when all are stopped. A command that is run on a paused machine waits.
 * Throws SERVICE_FAILED when it has ended, TIMEOUT when it does not stop within 5 s.
 */
export async function pause(target: Freezable): Promise<Fault> {
  freeze(target);
  const fault = faultOf(`pause ${target.name}`, () => thaw(cgroupOf(target)));
  const deadline = performance.now() + PATIENCE;
  while (!isFrozen(target)) {
    if (performance.now() > deadline) {
      await fault.lift();
      throw new HarnessError('TIMEOUT', `pause ${target.name}: not all of its processes stop`);
    }
    await sleep(1);
  }
  return fault;
}

export interface SlowOptions {
  /** share of the time in which it may run, above 0 and below 1 */
  readonly share: number;
  /** milliseconds of one turn: how long it runs and is stopped together (default 50) */
  readonly period?: number;
}

/**
 * Lets a service or machine run only in a share of the time, in turns: `{ share: 0.1 }` makes it ten times slower, whatever it does. By freezing and
 * thawing, because a CPU quota (cpu.max) cannot be given to a cgroup below one that has processes of its own (cgroup v2, "No Internal Process
 * Constraint"). The turns are kept by the event loop of the test process: a busy one makes them uneven.
 */
export function slow(target: Freezable, options: SlowOptions): Fault {
  const { share, period = 50 } = options;
  if (!(share > 0 && share < 1)) throw new HarnessError('BAD_FAULT', `slow ${target.name}: share ${share} is not between 0 and 1`);
  let timer: NodeJS.Timeout;
  const turn = (stop: boolean) => {
    if (stop) freeze(target);
    else thaw(cgroupOf(target));
    timer = setTimeout(next, period * (stop ? 1 - share : share), !stop);
    timer.unref();
  };
  const next = (stop: boolean) => {
    try {
      turn(stop);
    } catch {
      // it ended, and its turns with it
    }
  };
  turn(true);
  return faultOf(`slow ${target.name} to ${share}`, () => {
    clearTimeout(timer);
    thaw(cgroupOf(target));
  });
}
