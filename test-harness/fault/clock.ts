import { HarnessError } from '../errors.ts';
import type { ExecOptions } from '../lab/exec.ts';
import type { Machine } from '../lab/machine.ts';
import type { Service } from '../lab/service.ts';

/** Seconds by which a process's clocks are ahead (negative: behind) of the machine's. */
export interface ClockShift {
  /** CLOCK_MONOTONIC, by which programs measure time */
  readonly monotonic?: number;
  /** CLOCK_BOOTTIME, which counts suspended time too; shown in /proc/uptime */
  readonly boottime?: number;
}

/**
 * Starts a service whose clocks stand elsewhere, in a time namespace (time_namespaces(7), kernel 5.6): a daemon that is restarted like this sees the clock
 * step between its runs, forwards or backwards, as after a reboot or a resume. The offset of a running process cannot change: the kernel fixes it when
 * the first process enters. Neither kernel nor harness can move CLOCK_REALTIME for one process only; see docs/faults.md.
 *
 * Throws NO_EMULATION with unshare(1)'s words where the kernel was built without CONFIG_TIME_NS, for an offset that would make a clock negative, and where
 * the process that makes a namespace does not enter it by execve(2) (kernels before 6.3).
 */
export async function spawnWithClock(
  machine: Machine,
  argv: readonly string[],
  shift: ClockShift,
  options: Pick<ExecOptions, 'env'> = {},
): Promise<Service> {
  const enter = unshareWith(shift);
  const probe = await machine.exec([...enter, 'readlink', '/proc/self/ns/time']);
  const own = await machine.run(['readlink', '/proc/self/ns/time']);
  if (probe.code !== 0) throw new HarnessError('NO_EMULATION', `shift the clocks of ${argv[0]} on ${machine.name}: ${probe.stderr.trim()}`);
  if (probe.stdout === own)
    throw new HarnessError(
      'NO_EMULATION',
      `shift the clocks of ${argv[0]} on ${machine.name}: needs kernel 6.3, which moves a process into its time namespace`,
    );
  return machine.spawn([...enter, ...argv], options);
}

function unshareWith({ monotonic = 0, boottime = 0 }: ClockShift): string[] {
  return ['unshare', '--time', '--monotonic', `${monotonic}`, '--boottime', `${boottime}`, '--'];
}
