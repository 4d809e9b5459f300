import { deepFreeze, type KubeObject } from '../object.ts';
import { atRevision } from '../objects/event.ts';
import type { Change, Entry } from '../objects/log.ts';
import { decodeJournal, encodeRecord, type Row } from './journal.ts';

/** What is in the file, as the process that owns it knows it. */
interface Loaded {
  readonly state: State;
  /** the writes since the file was made */
  readonly changes: readonly Change[];
  /** the revision before the first of them */
  readonly base: number;
  readonly length: number;
}

/** Rows of a new file's line: a line is read as one text. */
const ROWS_PER_LINE = 500;

/** All objects in their newest version, by kind. */
export class State {
  readonly #kinds = new Map<string, Map<string, Entry>>();
  revision = 0;

  static load(path: string, bytes: Buffer | undefined): Loaded {
    const { header, rows, length } = decodeJournal(path, bytes ?? Buffer.alloc(0));
    const state = new State();
    state.revision = header?.revision ?? 0;
    const base = state.revision;
    const changes: Change[] = [];
    for (const row of rows) {
      const change = state.apply(row);
      if (row.r > base) changes.push(change);
    }
    return { state, changes, base, length: header === undefined ? 0 : length };
  }

  get(key: string): Entry | undefined {
    return this.#kinds.get(kindOf(key))?.get(key);
  }

  /** The entries whose keys begin with a prefix of at least group and kind, in no order. */
  under(prefix: string): Entry[] {
    return [...(this.#kinds.get(kindOf(prefix))?.values() ?? [])].filter(({ key }) => key.startsWith(prefix));
  }

  apply({ r: revision, k: key, o: object }: Row): Change {
    const kind = this.#kinds.get(kindOf(key)) ?? new Map<string, Entry>();
    this.#kinds.set(kindOf(key), kind);
    const previous = kind.get(key)?.object;
    const next = object === undefined ? undefined : deepFreeze(atRevision(object as KubeObject, revision));
    if (next === undefined) kind.delete(key);
    else kind.set(key, { key, object: next, revision });
    this.revision = Math.max(this.revision, revision);
    return { key, revision, ...(next && { object: next }), ...(previous && { previous }) };
  }

  /** A file with this state and no history. */
  encode(): string {
    const rows = [...this.#kinds.values()]
      .flatMap((kind) => [...kind.values()])
      .map(({ key, object, revision }) => ({ r: revision, k: key, o: object }));
    const lines = [encodeRecord({ format: 'axoneme-store/1', revision: this.revision })];
    for (let at = 0; at < rows.length; at += ROWS_PER_LINE) lines.push(encodeRecord(rows.slice(at, at + ROWS_PER_LINE)));
    return lines.join('');
  }
}

/** `GROUP/PLURAL/` of a key or prefix. */
function kindOf(key: string): string {
  return key.slice(0, key.indexOf('/', key.indexOf('/') + 1) + 1);
}
