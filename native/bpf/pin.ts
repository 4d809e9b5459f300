import { sys } from '../binding.ts';
import { calling, hasErrno } from '../errors.ts';
import { Fd } from '../fd.ts';

/** Opens the map, program or link pinned at `path` on a bpffs. Throws SyscallError: ENOENT when nothing is there. */
export function getPinned(path: string): Fd {
  return Fd.adopt(
    calling(`open pinned ${path}`, () => sys().bpfGet(path)),
    `pinned ${path}`,
  );
}

/** The same; undefined when nothing is there. */
export function openIfPinned(path: string): Fd | undefined {
  try {
    return getPinned(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Pins a map, program or link at `path`, whose folder must be on a bpffs. Throws SyscallError: EEXIST, EPERM (not a bpffs), ENOENT. */
export function pin(fd: Fd, path: string): void {
  calling(`pin ${fd.what} at ${path}`, () => sys().bpfPin(fd.use(), path));
}
