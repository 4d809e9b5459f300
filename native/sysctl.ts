import { readFileIn, writeFileIn } from './files.ts';
import type { Netns } from './netns.ts';

/**
 * Names as sysctl(8) writes them: dots between the parts, and a dot inside a part (a VLAN device `eth0.5`) written as a slash
 * (`net.ipv4.conf.eth0/5.rp_filter`).
 */
export function sysctlPath(name: string): string {
  const swapped = name.replace(/[./]/g, (mark) => (mark === '.' ? '/' : '.'));
  if (!name.startsWith('net.') || swapped.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new RangeError(`use sysctl ${name}: not a name below net.`);
  }
  return `/proc/sys/${swapped}`;
}

/** The value without its newline. Throws SyscallError (ENOENT: no such setting or device). */
export async function getSysctl(ns: Netns, name: string): Promise<string> {
  return (await readFileIn(ns, sysctlPath(name))).trimEnd();
}

/**
 * Sets one network sysctl inside `ns`, the process's own namespace when undefined. Throws SyscallError (ENOENT: no such setting or device, EINVAL:
 * refused value).
 */
export async function setSysctl(ns: Netns | undefined, name: string, value: string): Promise<void> {
  await writeFileIn(ns, sysctlPath(name), value);
}
