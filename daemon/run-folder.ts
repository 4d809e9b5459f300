import { accessSync, constants, statfsSync } from 'node:fs';
import type { Paths } from '../conf/paths.ts';
import { hasErrno, messageOf } from './failure.ts';
import { fileIdentity } from './files.ts';

/** Free space below which an ADD may fail to write its record and the pools, in bytes. */
const LEAST_FREE = 64 * 1024;

/**
 * The folder of the daemon's state, its lock and its sockets, which others may fill, make read-only or remove. A removed lock would let a second
 * daemon start beside this one, and plugins take this one for gone; a removed socket cannot be given back its name.
 */
export class RunFolder {
  readonly #folder: string;
  readonly #made = new Map<string, string>();
  readonly #passed = new Map<string, string>();

  constructor({ runDir }: Pick<Paths, 'runDir'>) {
    this.#folder = runDir;
  }

  /** Remembers files that this daemon made; one that is missing is none of them. */
  made(...files: readonly string[]): void {
    remember(this.#made, files);
  }

  /** Remembers a socket that the service manager made. */
  passed(socket: string): void {
    remember(this.#passed, [socket]);
  }

  /** The first remembered file of this daemon that is not at its path any more. */
  get lost(): string | undefined {
    return lostOf(this.#made);
  }

  /** What keeps an ADD from working, one sentence each. */
  get problems(): readonly string[] {
    const socket = lostOf(this.#passed);
    return [
      ...this.#writeProblems(),
      ...(socket === undefined
        ? []
        : [`socket ${socket} was removed or replaced: restart the service manager's socket unit (axoneme.socket)`]),
    ];
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

function remember(identities: Map<string, string>, files: readonly string[]): void {
  for (const file of files) {
    const identity = fileIdentity(file);
    if (identity !== undefined) identities.set(file, identity);
  }
}

function lostOf(identities: ReadonlyMap<string, string>): string | undefined {
  return [...identities].find(([file, identity]) => fileIdentity(file) !== identity)?.[0];
}
