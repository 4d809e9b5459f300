import { type FSWatcher, mkdirSync, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { AttachmentKey } from '../conf/api/types.ts';
import { type DeleteRecord, parseDeleteRecord, queuedMoment } from '../conf/delete-record.ts';
import { isAfter, type Moment } from '../conf/moment.ts';
import { step } from '../conf/step.ts';
import { bootId } from '../native/index.ts';
import { hasErrno, messageOf } from './failure.ts';
import { moveAside, readIfThere, removeAll } from './files.ts';
import type { Logger } from './log.ts';

/** What replaying needs of the endpoint manager. */
export interface Deleter {
  /** Removes the attachment unless it was made after the DEL; false when there is nothing to remove. */
  removeByKey(key: AttachmentKey, queued: Moment): Promise<boolean>;
}

/** A plugin writes its record in some milliseconds. */
const LEFTOVER_MS = 60_000;

interface Queued {
  readonly path: string;
  readonly record: DeleteRecord;
}

/**
 * DELs that came while the daemon was away. Replayed in the order in which they came, before the API serves, and again whenever the
 * folder changes: a plugin that met the daemon just before it listened leaves its record just after.
 */
export class DeleteQueue {
  readonly #folder: string;
  readonly #deleter: Deleter;
  readonly #log: Logger;
  #watcher: FSWatcher | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(folder: string, deleter: Deleter, log: Logger) {
    this.#folder = folder;
    this.#deleter = deleter;
    this.#log = log;
  }

  /** Replays what is there; never throws. A record whose endpoint cannot be removed, or that cannot be read now, stays for the next time. */
  replay(): Promise<void> {
    this.#running = this.#running.then(() => this.#replayAll());
    return this.#running;
  }

  /** Replays whatever comes from now on. */
  watch(): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#discardLeftovers();
    this.#watcher = watch(this.#folder, { persistent: false }, (_event, name) => {
      if (name?.endsWith('.json') === true) void this.replay();
    });
    this.#watcher.on('error', (error) => this.#log.warn({ error: messageOf(error) }, 'watching the delete queue failed'));
  }

  close(): void {
    this.#watcher?.close();
  }

  /** What plugins that were killed while they wrote left; a young one may still be written. */
  #discardLeftovers(): void {
    for (const name of readdirSync(this.#folder).filter((other) => other.endsWith('.tmp'))) {
      const path = join(this.#folder, name);
      const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Number.POSITIVE_INFINITY };
      if (Date.now() - mtimeMs > LEFTOVER_MS) removeAll(path);
    }
  }

  async #replayAll(): Promise<void> {
    try {
      for (const queued of this.#read()) await this.#replayOne(queued);
    } catch (error) {
      this.#log.error({ folder: this.#folder, error: messageOf(error) }, 'reading the delete queue failed');
    }
  }

  #read(): Queued[] {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const names = readdirSync(this.#folder).filter((name) => name.endsWith('.json'));
    const queued = names.map((name) => this.#readOne(join(this.#folder, name))).filter((entry) => entry !== undefined);
    return queued.sort((a, b) => (isAfter(queuedMoment(a.record), queuedMoment(b.record), bootId()) ? 1 : -1));
  }

  #readOne(path: string): Queued | undefined {
    try {
      const text = readIfThere(path);
      return text === undefined ? undefined : { path, record: parseDeleteRecord(JSON.parse(text)) };
    } catch (error) {
      // No fault of the record's: it is read again.
      if (hasErrno(error, 'EMFILE', 'ENFILE', 'ENOMEM', 'EIO')) throw error;
      this.#log.error({ file: moveAside(path), error: messageOf(error) }, 'moved a bad delete record aside');
      return undefined;
    }
  }

  async #replayOne({ path, record }: Queued): Promise<void> {
    const { containerId, ifname, queuedAt } = record;
    const fields = { verb: 'DEL', containerId, ifname, queuedAt };
    try {
      const removed = await this.#deleter.removeByKey(record, queuedMoment(record));
      step('replay.forget', () => removeAll(path));
      this.#log.info({ ...fields, removed }, 'replayed a delete');
    } catch (error) {
      this.#log.error({ ...fields, error: messageOf(error) }, 'replaying a delete failed');
    }
  }
}
