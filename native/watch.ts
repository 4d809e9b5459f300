import { sys } from './binding.ts';
import { calling } from './errors.ts';
import type { Fd } from './fd.ts';

/** A running watch on a descriptor. */
export interface FdWatcher {
  /** Stops; no callback comes after it. Close the watch before the descriptor. */
  close(): void;
  /** Keeps the process alive (the default). */
  ref(): void;
  /** Lets the process end although the watch runs. */
  unref(): void;
}

/**
 * Calls `onReadable` from the event loop while `fd` has something to read (level-triggered, so read until there is nothing). Sets the
 * descriptor non-blocking. Throws SyscallError: EEXIST when the descriptor is watched already, EPERM for a kind that cannot be polled.
 */
export function watchFd(fd: Fd, onReadable: () => void): FdWatcher {
  const handle = calling(`watch ${fd.what}`, () => sys().watchOpen(fd.use(), onReadable));
  let open = true;
  return {
    close() {
      if (open) sys().watchClose(handle);
      open = false;
    },
    ref() {
      if (open) sys().watchRef(handle, true);
    },
    unref() {
      if (open) sys().watchRef(handle, false);
    },
  };
}
