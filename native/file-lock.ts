import { sys } from './binding.ts';
import { calling } from './errors.ts';
import { Fd } from './fd.ts';

/*
 * Locks on whole files that the kernel frees with the process (F_OFD_SETLK, fcntl(2)). A query changes nothing and works across network namespaces.
 */

/** Takes the lock of a file, which is made if it is missing; undefined when another one holds it. Closing the descriptor frees the lock. Throws SyscallError. */
export function takeFileLock(path: string): Fd | undefined {
  const fd = calling(`lock ${path}`, () => sys().fileLockTake(path));
  return fd === undefined ? undefined : Fd.adopt(fd, `lock ${path}`);
}

/** Whether somebody holds the lock of a file; false when there is no such file. Throws SyscallError. */
export function isFileLocked(path: string): boolean {
  return calling(`query lock ${path}`, () => sys().fileLockIsHeld(path));
}
