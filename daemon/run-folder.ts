import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import type { Paths } from '../conf/paths.ts';
import { hasErrno, messageOf } from './failure.ts';

/** Free space below which an ADD may fail to write its record and the pools, in bytes. */
const LEAST_FREE = 64 * 1024;

/**
 * The folder of the daemon's state, its lock and its sockets, which others may fill, make read-only or remove. A removed lock would let a second
 * daemon start beside this one, and plugins take this one for gone; a removed socket cannot be given back its name.
 */
export class RunFolder {
  readonly #folder: string;
  readonly #lock: string;
  #lockIdentity: string | undefined;
  #sockets: readonly string[] = [];
  #passed: string | undefined;

  constructor({ runDir, lock }: Pick<Paths, 'runDir' | 'lock'>) {
    this.#folder = runDir;
    this.#lock = lock;
  }

  /** Remembers what is there: the lock, those of the sockets that the daemon made, and the one that a service manager made. */
  remember(sockets: readonly string[], passed?: string): void {
    this.#lockIdentity = identityOf(this.#lock);
    this.#sockets = sockets.filter((socket) => identityOf(socket) !== GONE);
    this.#passed = passed;
  }

  /** A file of the daemon that has gone, or the lock if it is another's now; undefined while all are there. */
  get lost(): string | undefined {
    const lock = identityOf(this.#lock);
    if (lock !== undefined && lock !== this.#lockIdentity) return this.#lock;
    return this.#sockets.find((socket) => identityOf(socket) === GONE);
  }

  /** What keeps an ADD from working, one sentence each. */
  get problems(): readonly string[] {
    const isGone = this.#passed !== undefined && identityOf(this.#passed) === GONE;
    const advice = 'restart the socket unit of the service manager (axoneme.socket)';
    return [...this.#writeProblems(), ...(isGone ? [`socket ${this.#passed} was removed: ${advice}`] : [])];
  }

  #writeProblems(): string[] {
    try {
      accessSync(this.#folder, constants.W_OK);
      const { bavail, blocks, bsize, ffree, files } = statfsSync(this.#folder);
      // A tmpfs without a limit says zero of zero.
      if (blocks > 0 && bavail * bsize < LEAST_FREE) return [`${this.#folder} is full: free some space in its file system`];
      return files > 0 && ffree === 0 ? [`${this.#folder} has no inode left: remove files from its file system`] : [];
    } catch (error) {
      const advice = hasErrno(error, 'EROFS') ? ': mount it read-write' : '';
      return [`write to ${this.#folder}: ${messageOf(error)}${advice}`];
    }
  }
}

const GONE = 'gone';

/** Device and inode of a file, or {@link GONE}; undefined when the kernel does not tell, out of memory say, which proves nothing. */
function identityOf(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? GONE : `${found.dev}:${found.ino}`;
  } catch {
    return undefined;
  }
}
