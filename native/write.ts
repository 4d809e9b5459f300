import { sys } from './binding.ts';
import { calling } from './errors.ts';

/**
 * Writes what fits at this moment, without changing the descriptor's flags; answers how many bytes the kernel took, 0 when it would have had to wait.
 * Throws SyscallError: EPIPE when the reader is gone.
 */
export function writeNow(fd: number, data: Uint8Array): number {
  return calling(`write to descriptor ${fd}`, () => sys().writeNow(fd, data));
}
