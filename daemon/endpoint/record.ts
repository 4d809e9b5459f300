import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { describeIssues, endpoint as endpointSchema } from '../../conf/api/schemas.ts';
import type { Endpoint } from '../../conf/api/types.ts';
import { hasErrno, messageOf } from '../failure.ts';
import { moveAside, readIfThere, removeAll, writeWhole } from '../files.ts';
import type { Logger } from '../log.ts';

/** An endpoint as it lies on disk: what the API shows, and what only the daemon needs. */
export interface EndpointRecord {
  /** Layout of the file. */
  readonly version: 1;
  readonly endpoint: Endpoint;
  /** `dev:ino` of the namespace at the time of the ADD; absent when the path led nowhere. */
  readonly netnsIdentity?: string;
}

const recordSchema = z.strictObject({
  version: z.literal(1),
  endpoint: endpointSchema,
  netnsIdentity: z.exactOptional(z.string()),
}) satisfies z.ZodMiniType<EndpointRecord>;

/**
 * One JSON file per endpoint under `endpoints/`, named by its id. A record is written before the kernel objects exist that it names,
 * and removed after they are gone: whatever is in the kernel and ours has a record, except between a crash and the next start.
 */
export class RecordStore {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #damaged: unknown[] = [];

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  write(record: EndpointRecord): void {
    writeWhole(this.#path(record.endpoint.id), `${JSON.stringify(record)}\n`);
  }

  /** What was JSON of the files that were moved aside. */
  get damaged(): readonly unknown[] {
    return this.#damaged;
  }

  /** Keeps a record that contradicts another for a person to look at, as `*.bad`. */
  moveAside(id: number): void {
    moveAside(this.#path(id));
  }

  remove(id: number): void {
    removeAll(this.#path(id));
  }

  /** Reads all records, lowest id first. A file that cannot be read as one is moved aside, to `*.bad`, with a line in the log. */
  readAll(): EndpointRecord[] {
    const names = this.#names();
    for (const name of names) if (name.endsWith('.tmp')) removeAll(join(this.#folder, name));
    const isRecord = (name: string) => /^[0-9]+\.json$/.test(name);
    for (const name of names)
      if (!isRecord(name) && !/\.(tmp|bad)$/.test(name))
        this.#log.warn({ file: join(this.#folder, name) }, 'left a file alone that is no record');
    const records = names.filter(isRecord).map((name) => this.#readOne(join(this.#folder, name), name));
    return records.filter((record) => record !== undefined).sort((a, b) => a.endpoint.id - b.endpoint.id);
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  #readOne(path: string, name: string): EndpointRecord | undefined {
    let text = '';
    try {
      text = readIfThere(path) ?? '';
      const record = parseRecord(text);
      if (`${record.endpoint.id}.json` !== name) throw new Error(`holds endpoint ${record.endpoint.id}`);
      return record;
    } catch (error) {
      this.#log.error({ file: moveAside(path), error: messageOf(error) }, 'moved a bad endpoint record aside');
      this.#damaged.push(parseLoosely(text));
      return undefined;
    }
  }

  #path(id: number): string {
    return join(this.#folder, `${id}.json`);
  }
}

function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Parses the text of one record. Throws an Error that says which field is wrong. */
export function parseRecord(text: string): EndpointRecord {
  const parsed = z.safeParse(recordSchema, JSON.parse(text));
  if (!parsed.success) throw new Error(describeIssues(parsed.error.issues));
  return parsed.data;
}
