import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttachmentKey } from '../conf/api/types.ts';
import { CniError } from '../conf/cni/errors.ts';
import { type DeleteRecord, deleteRecordName, parseDeleteRecord, queuedMoment } from '../conf/delete-record.ts';
import { isAfter } from '../conf/moment.ts';
import { step } from '../conf/step.ts';
import { bootId, bootTime } from '../native/boot-time.ts';
import { hasErrno } from '../native/errors.ts';

/** DELs that the daemon has yet to hear of. */
export interface DeleteQueue {
  /** Leaves the record of a DEL, whole or not at all. Errors: CniError `io-failure`. */
  put(key: AttachmentKey): void;
  /** Withdraws it; none there is fine. */
  remove(key: AttachmentKey): void;
  /** The records that are there, oldest first; what is none is left out. Errors: CniError `io-failure`. */
  list(): DeleteRecord[];
}

/** The queue in a folder; the format is that of `DeleteRecord`. */
export class DeleteFolder implements DeleteQueue {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  put(key: AttachmentKey): void {
    const record: DeleteRecord = {
      version: 1,
      containerId: key.containerId,
      ifname: key.ifname,
      queuedAt: new Date().toISOString(),
      queuedOn: bootTime(),
    };
    const path = join(this.#folder, deleteRecordName(key));
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      step('queue.write', () => writeFileSync(temporary, `${JSON.stringify(record)}\n`, { mode: 0o600, flush: true }));
      step('queue.rename', () => renameSync(temporary, path));
    } catch (cause) {
      discard(temporary);
      throw new CniError('io-failure', `write delete record ${path}: the daemon is away and must learn of this DEL`, { cause });
    }
  }

  remove(key: AttachmentKey): void {
    try {
      rmSync(join(this.#folder, deleteRecordName(key)), { force: true });
    } catch (cause) {
      throw new CniError('io-failure', `remove delete record ${deleteRecordName(key)} in ${this.#folder}`, { cause });
    }
  }

  list(): DeleteRecord[] {
    const names = this.#names().filter((name) => name.endsWith('.json'));
    const records = names.map((name) => readRecord(join(this.#folder, name))).filter((record) => record !== undefined);
    return records.sort((a, b) => (isAfter(queuedMoment(a), queuedMoment(b), bootId()) ? 1 : -1));
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch (cause) {
      if (hasErrno(cause, 'ENOENT')) return [];
      throw new CniError('io-failure', `list delete records in ${this.#folder}`, { cause });
    }
  }
}

/** The daemon may take it away meanwhile; and a damaged one is the daemon's to move aside. */
function readRecord(path: string): DeleteRecord | undefined {
  try {
    return parseDeleteRecord(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** The first failure is the one to tell. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The folder is none, or no longer ours to write.
  }
}
