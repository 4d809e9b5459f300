import { StoreError } from '../errors.ts';
import type { KubeObject } from '../object.ts';
import type { Change, Committed, Entry, FollowOptions, Log, Progress, Range, RangeResult } from '../objects/log.ts';
import { type Disk, FileDisk } from './disk.ts';
import { History } from './history.ts';
import { State } from './state.ts';
import { Wakeup } from './wakeup.ts';
import { type Commit, Writer } from './writer.ts';

export interface EmbeddedOptions {
  /** the file; its folder is made */
  readonly path: string;
  readonly disk?: Disk;
  /** changes to keep in memory for watches that are behind */
  readonly history?: number;
  /** between two bookmarks of a quiet watch, in ms */
  readonly bookmarkMs?: number;
}

/** This long before its end a watch gets a last bookmark, as from kube-apiserver. */
const LAST_BOOKMARK_MS = 2000;

/** Objects in memory, and in one file of one process. A write returns, and is seen, when it is on the disk. */
export class EmbeddedLog implements Log {
  readonly #state: State;
  readonly #history: History;
  readonly #writer: Writer;
  readonly #wakeup = new Wakeup();
  readonly #bookmarkMs: number;
  #isClosed = false;

  private constructor(state: State, history: History, disk: Disk, length: number, bookmarkMs: number) {
    this.#state = state;
    this.#history = history;
    this.#bookmarkMs = bookmarkMs;
    this.#writer = new Writer(state, disk, length, (changes) => this.#publish(changes));
  }

  /** Throws InternalError when the file is damaged, and what the file system throws. */
  static async open({
    path,
    disk = new FileDisk(path),
    history: most = 10_000,
    bookmarkMs = 60_000,
  }: EmbeddedOptions): Promise<EmbeddedLog> {
    try {
      const { state, changes, base, length } = State.load(path, await disk.read());
      const history = new History(base, most);
      for (const change of changes) history.add(change);
      return new EmbeddedLog(state, history, disk, length, bookmarkMs);
    } catch (error) {
      await disk.close();
      throw error;
    }
  }

  async read(key: string): Promise<Entry | undefined> {
    this.#checkOpen();
    return this.#state.get(key);
  }

  async range(
    prefix: string,
    { after = '', limit = Number.POSITIVE_INFINITY, revision = this.#state.revision }: Range,
  ): Promise<RangeResult> {
    this.#checkOpen();
    this.#checkRevision(revision);
    const found = new Map(this.#state.under(prefix).map((entry) => [entry.key, entry]));
    for (const change of this.#history.since(revision).toReversed()) if (change.key.startsWith(prefix)) undo(found, change);
    const entries = [...found.values()].filter(({ key }) => key > after).sort((a, b) => (a.key < b.key ? -1 : 1));
    return { entries: entries.slice(0, limit), revision, remaining: Math.max(0, entries.length - limit) };
  }

  commit(key: string, expected: number, object: KubeObject | undefined): Promise<Committed | undefined> {
    this.#checkOpen();
    return this.#writer.commit({ key, expected, object } satisfies Commit);
  }

  async *follow(
    prefix: string,
    after: number,
    { timeoutMs = Number.POSITIVE_INFINITY, signal }: FollowOptions,
  ): AsyncGenerator<Change | Progress> {
    this.#checkOpen();
    this.#checkRevision(after);
    const end = Date.now() + timeoutMs;
    let at = after;
    let bookmark = nextBookmark(end, this.#bookmarkMs);
    while (!signal?.aborted && !this.#isClosed && Date.now() < end) {
      const change = this.#history.next(at);
      at = change?.revision ?? at;
      if (change?.key.startsWith(prefix)) yield change;
      if (change !== undefined) continue;
      if (Date.now() >= bookmark) {
        yield { progress: at };
        bookmark = nextBookmark(end, this.#bookmarkMs);
      } else {
        await this.#wakeup.wait(Math.min(bookmark, end) - Date.now(), signal);
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wakeup.wake();
    await this.#writer.close();
  }

  #publish(changes: readonly Change[]): void {
    for (const change of changes) this.#history.add(change);
    this.#wakeup.wake();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StoreError('ServiceUnavailable', 'the store is closed');
  }

  /** A revision that this file has never had is one of another file: for its reader, history is gone. */
  #checkRevision(revision: number): void {
    if (revision <= this.#state.revision) return;
    throw new StoreError('Expired', `too large resource version: ${revision} (${this.#state.revision}): it is not of this store`);
  }
}

function undo(entries: Map<string, Entry>, { key, previous }: Change): void {
  if (previous === undefined) entries.delete(key);
  else entries.set(key, { key, object: previous, revision: Number(previous.metadata.resourceVersion) });
}

/** When the next bookmark is due: after the period, or shortly before the end; never again after that one. */
function nextBookmark(end: number, periodMs: number): number {
  const [now, last] = [Date.now(), end - LAST_BOOKMARK_MS];
  const next = Math.min(now + periodMs, last > now ? last : Number.POSITIVE_INFINITY);
  return next > end ? Number.POSITIVE_INFINITY : next;
}
