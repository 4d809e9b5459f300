import { awaiting } from '../errors.ts';
import type { Netns } from '../netns.ts';
import { harness } from './addon.ts';

/**
 * Holds the kernel's lock on network devices (RTNL) for `milliseconds`, as a slow driver or a long deletion does; resolves when it is held. The lock
 * is the whole machine's: meanwhile no process, in any namespace, can change a device, so keep it short. `ns` needs an IPv4 address.
 * Throws SyscallError: ETIMEDOUT when the lock cannot be had within 5 s.
 */
export async function holdDeviceLock(ns: Netns, milliseconds: number): Promise<void> {
  await awaiting(`hold the lock on devices in ${ns.path}`, () => harness().deviceLockHold(ns.use(), milliseconds));
}
