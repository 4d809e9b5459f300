import { StoreError } from '../errors.ts';
import type { KubeObject } from '../object.ts';
import type { ObjectList } from '../store.ts';
import type { Entry, Log } from './log.ts';

interface Position {
  readonly revision: number;
  readonly after: string;
}

export interface PageRequest {
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Entries to read at once when a selector may drop most of them. */
const LEAST_READ = 500;

/** The next page of what `matches` lets pass. */
export async function readPage(
  log: Log,
  prefix: string,
  matches: (object: KubeObject) => boolean,
  request: PageRequest,
): Promise<ObjectList<KubeObject>> {
  const { limit = Number.POSITIVE_INFINITY, signal } = request;
  const items: Entry[] = [];
  let position = request.continue === undefined ? undefined : parsePosition(request.continue);
  for (;;) {
    const bounds = { ...position, ...(Number.isFinite(limit) ? { limit: Math.max(LEAST_READ, limit) } : {}), ...(signal && { signal }) };
    const { entries, revision, remaining } = await log.range(prefix, bounds);
    const fitting = entries.filter(({ object }) => matches(object));
    const taken = fitting.slice(0, limit - items.length);
    items.push(...taken);
    const isFull = items.length >= limit && (taken.length < fitting.length || remaining > 0);
    const last = isFull ? taken.at(-1) : entries.at(-1);
    if (last === undefined || (!isFull && remaining === 0)) return listOf(items, revision);
    position = { revision, after: last.key };
    if (isFull) return { ...listOf(items, revision), continue: Buffer.from(JSON.stringify(position)).toString('base64url') };
  }
}

function listOf(items: readonly Entry[], revision: number): ObjectList<KubeObject> {
  return { items: items.map(({ object }) => object), resourceVersion: String(revision) };
}

function parsePosition(token: string): Position {
  try {
    const { revision, after } = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (Number.isSafeInteger(revision) && typeof after === 'string') return { revision, after };
  } catch {
    // the answer below is for this, too
  }
  throw new StoreError('BadRequest', 'list: the continue token is not one of this store');
}
