import { mkdirSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DaemonPhase, encodeHeartbeat, monotonicMs } from '../conf/heartbeat.ts';
import type { Paths } from '../conf/paths.ts';
import { type Fd, takeFileLock } from '../native/index.ts';
import { StartError } from './failure.ts';
import { removeAll } from './files.ts';

/**
 * The lock that makes this the only daemon of its root. The kernel frees it with the process, however that ends, so that it is also how
 * plugins tell a daemon that lives from one that does not (docs/decisions/0080-daemon-liveness.md).
 */
export class InstanceLock {
  readonly #fd: Fd;

  private constructor(fd: Fd) {
    this.#fd = fd;
  }

  /**
   * Takes the lock and removes the socket file that a killed daemon left, unless `isPassed`: then the socket is a service manager's, and stays.
   * Throws StartError when another daemon of this root runs, in whatever network namespace.
   */
  static acquire({ lock, socket }: Pick<Paths, 'lock' | 'socket'>, isPassed = false): InstanceLock {
    mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
    const fd = takeFileLock(lock);
    if (fd === undefined)
      throw new StartError(`start the daemon: another one serves ${socket}; stop it first, or choose another root with --root`);
    const taken = new InstanceLock(fd);
    taken.beat('starting');
    if (!isPassed) removeAll(socket);
    return taken;
  }

  /** Writes a heartbeat. Throws when the kernel refuses: tmpfs is full, say. */
  beat(phase: DaemonPhase): void {
    writeSync(this.#fd.use(), encodeHeartbeat({ pid: process.pid, atMs: monotonicMs(), phase }), 0);
  }

  release(): void {
    this.#fd.close();
  }
}
