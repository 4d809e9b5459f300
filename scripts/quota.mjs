// A share of the machine's processors for a command and all that it starts: the stand-in for a slow machine.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where cgroup v1 has the controller. A lab moves its machines to cgroups below the root of cgroup v2, so a quota of v2 would not hold them. */
const controller = '/sys/fs/cgroup/cpu';

/** Microseconds in which the quota is counted, the kernel's default. */
const PERIOD = 100_000;

/**
 * Makes a cgroup whose processes share so many processors, such as 0.5. Returns the command line that enters it, to stand before another one, and what
 * removes it when all that ran there has ended. Throws for a share that is no number above 0, and where there is no such controller.
 */
export function makeQuota(text) {
  const processors = Number(text);
  if (!(processors >= 0.01 && Number.isFinite(processors)))
    throw new Error(`--quota ${text}: use a number of processors of at least 0.01, such as 0.5`);
  if (!existsSync(join(controller, 'cpu.cfs_quota_us')))
    throw new Error(`--quota ${text}: there is no cgroup v1 cpu controller at ${controller}; use a machine with hybrid cgroups`);
  const group = join(controller, `axoneme-quota-${process.pid}`);
  mkdirSync(group);
  writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD));
  writeFileSync(join(group, 'cpu.cfs_quota_us'), String(Math.round(processors * PERIOD)));
  const enter = ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(group, 'cgroup.procs')];
  return { enter, remove: () => removeSoon(group) };
}

/** The reapers of labs end a little after the labs. */
function removeSoon(group, tries = 50) {
  try {
    rmdirSync(group);
  } catch (error) {
    if (error.code !== 'EBUSY' || tries === 0) process.stderr.write(`axoneme: remove ${group}: ${error.message}\n`);
    else setTimeout(() => removeSoon(group, tries - 1), 100);
  }
}
