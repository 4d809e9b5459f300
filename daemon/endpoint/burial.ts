import type { BurialCounts, Endpoint } from '../../conf/api/types.ts';
import { step } from '../../conf/step.ts';
import type { GraceWindow } from '../datapath/expedite.ts';
import { DomainError } from '../domain-error.ts';
import { messageOf } from '../failure.ts';
import type { Logger } from '../log.ts';
import type { Entry } from './entry.ts';
import type { Addressing, Door, EndpointDatapath } from './ports.ts';
import { Reaper } from './reaper.ts';
import type { RecordStore } from './record.ts';
import type { EndpointTable } from './table.ts';

export interface BurialParts {
  readonly store: RecordStore;
  readonly datapath: EndpointDatapath;
  readonly addressing: Addressing;
  readonly window: GraceWindow;
  readonly log: Logger;
}

/**
 * How endpoints end, whoever ends them: a DEL, an ADD that is undone or takes over, a start.
 *
 * First the record says `disconnecting`, then the rows go out of the maps, then the device is buried, then the record says `disconnected`: the
 * attachment's name is free. Device, id and addresses are the reaper's then; the record goes when the device has gone, and the addresses last.
 */
export class Burials {
  readonly #parts: BurialParts;
  readonly #table: EndpointTable;
  readonly #reaper: Reaper;

  constructor(parts: BurialParts, table: EndpointTable) {
    this.#parts = parts;
    this.#table = table;
    this.#reaper = new Reaper({ ...parts, forget: (entry) => table.holds(entry) && this.#forget(entry) });
  }

  get counts(): BurialCounts {
    return this.#reaper.counts;
  }

  /** An endpoint of an earlier life that was buried already. */
  adopt(entry: Entry): void {
    this.#reaper.add(entry);
  }

  /**
   * Buries an endpoint, whose lock the caller holds. When the kernel refuses, record and addresses stay. A record that cannot say `disconnected`
   * keeps the caller waiting until it is removed: what a DEL's answer promises must be true after a crash as well. So it does whoever tries again.
   * `doors`: see `EndpointDatapath.bury`.
   */
  async bury(entry: Entry, doors: readonly Door[] = []): Promise<void> {
    const { id, netns, state } = entry.record.endpoint;
    // The reaper's by now: it frees what the endpoint held, once.
    if (state === 'disconnected') return await this.#reaper.gone(id);
    this.#parts.window.open(id);
    try {
      this.#note(entry, 'disconnect.record', { state: 'disconnecting' });
      await this.#parts.datapath.disconnect(entry.record.endpoint);
      const { hostIfname, isOver } = await this.#parts.datapath.bury(entry.record.endpoint, [...new Set([...doors, netns])]);
      if (isOver) return this.#forget(entry);
      const isWritten = this.#note(entry, 'bury.record', { state: 'disconnected', hostIfname });
      this.#reaper.add(entry);
      if (!isWritten) await this.#reaper.gone(id);
      this.#table.freeName(entry);
    } finally {
      this.#parts.window.close(id);
    }
  }

  /** Resolves when a buried endpoint is gone; one that is unknown is. Throws what is in the way. */
  gone(id: number): Promise<void> {
    return this.#reaper.gone(id);
  }

  /** Deletes at once what is buried; never throws. */
  reap(): Promise<void> {
    return this.#reaper.reap();
  }

  /** The same, for the daemon's end: what is left then is the next start's. */
  close(): Promise<void> {
    return this.#reaper.close();
  }

  /**
   * Does `work`, which takes addresses. While what is buried holds them, once more after each batch that has freed some: on a busy node a batch takes
   * long, and others that wait may come first. Throws what `work` throws when a batch frees nothing.
   */
  async whenFree<T>(work: () => T): Promise<T> {
    for (;;) {
      const { endpoints: freed, waiting } = this.#reaper.counts;
      try {
        return work();
      } catch (error) {
        if (waiting === 0 || !isTaken(error)) throw error;
      }
      await this.#reaper.reap();
      if (this.#reaper.counts.endpoints === freed) return work();
    }
  }

  /**
   * A record that cannot be written, on a full disk say, is no reason to refuse a DEL: it is there to be removed. Should the daemon die before
   * that, the next start finds a ready endpoint without its device, and removes it. False when it could not be written.
   */
  #note(entry: Entry, name: 'disconnect.record' | 'bury.record', change: Partial<Endpoint>): boolean {
    const record = { ...entry.record, endpoint: { ...entry.record.endpoint, ...change } };
    entry.record = record;
    try {
      step(name, () => this.#parts.store.write(record));
      return true;
    } catch (error) {
      this.#parts.log.warn({ id: record.endpoint.id, error: messageOf(error) }, 'writing the record failed; going on with the DEL');
      return false;
    }
  }

  #forget(entry: Entry): void {
    const { endpoint } = entry.record;
    step('reap.record', () => this.#parts.store.remove(endpoint.id));
    step('reap.addresses', () => this.#parts.addressing.release(endpoint));
    this.#table.remove(entry);
  }
}

/** Addresses that may come free. */
function isTaken(error: unknown): boolean {
  return error instanceof DomainError && (error.code === 'pool-exhausted' || error.code === 'address-unavailable');
}
