import { threadId } from 'node:worker_threads';
import { pidNamespace, startTimeOf } from './proc.ts';

/** Every kernel object that a lab leaves visible outside its own namespaces (its cgroup) starts with this word. */
export const LAB_PREFIX = 'axolab';

/** Who made a lab: enough to know later, from the name alone, whether its maker is still alive. */
export interface LabOwner {
  /** inode of the maker's pid namespace: a pid means nothing outside it */
  readonly pidNamespace: string;
  readonly pid: number;
  /** clock ticks after boot at which the maker started (proc_pid_stat(5), field 22); tells a reused pid from the maker */
  readonly startTime: string;
}

let labs = 0;

/** `axolab.<pid namespace>.<pid>.<start time>.<thread>.<count>`: unique among all processes and worker threads of the machine. */
export function nextLabName(): string {
  const owner = thisProcess();
  labs += 1;
  return [LAB_PREFIX, owner.pidNamespace, owner.pid, owner.startTime, threadId, labs].join('.');
}

/** The maker that {@link nextLabName} wrote into a name, or undefined for a name that is not a lab's. */
export function labOwner(name: string): LabOwner | undefined {
  const [prefix, pidNamespace, pid, startTime, ...rest] = name.split('.');
  if (prefix !== LAB_PREFIX || pidNamespace === undefined || pid === undefined || startTime === undefined || rest.length !== 2)
    return undefined;
  return { pidNamespace, pid: Number(pid), startTime };
}

/** Whether the maker still runs. A maker in another pid namespace cannot be judged from here and counts as alive. */
export function isAlive(owner: LabOwner): boolean {
  if (owner.pidNamespace !== pidNamespace()) return true;
  return startTimeOf(owner.pid) === owner.startTime;
}

function thisProcess(): LabOwner {
  return { pidNamespace: pidNamespace(), pid: process.pid, startTime: startTimeOf(process.pid) ?? '0' };
}
