import { StoreError } from '../errors.ts';
import { deepFreeze, type KubeObject } from '../object.ts';
import { atRevision } from '../objects/event.ts';
import type { Change, Committed, Entry, FollowOptions, Log, Progress, Range, RangeResult } from '../objects/log.ts';
import { Connection, type EtcdOptions } from './connection.ts';
import { needsLogin, storeErrorOf } from './errors.ts';
import {
  type KeyValue,
  methods,
  type RangeRequest,
  type TxnRequest,
  type TxnResponse,
  type WatchEvent,
  type WatchResponse,
} from './protocol.ts';

/** Keys of one reading. */
const PAGE = 500;

/** Objects as JSON under a folder of etcd's keys; resourceVersion is the key's mod_revision. */
export class EtcdLog implements Log {
  readonly #connection: Connection;
  readonly #root: string;
  readonly #closing = new AbortController();

  /** @param root before all keys, such as `/axoneme/` */
  constructor(options: EtcdOptions, root: string) {
    this.#connection = new Connection(options);
    this.#root = root;
  }

  async read(key: string, signal?: AbortSignal): Promise<Entry | undefined> {
    const { answer } = await this.#call(methods.range, { key: this.#key(key) }, signal);
    const [found] = answer.kvs;
    return found && this.#entryOf(found);
  }

  async range(prefix: string, { after, limit = Number.POSITIVE_INFINITY, revision = 0, signal }: Range): Promise<RangeResult> {
    const range_end = prefixEnd(this.#key(prefix));
    const entries: Entry[] = [];
    let from = after === undefined ? this.#key(prefix) : Buffer.concat([this.#key(after), Buffer.of(0)]);
    for (let as = revision; ; ) {
      const request: RangeRequest = { key: from, range_end, limit: Math.min(PAGE, limit - entries.length), revision: as };
      const { header, kvs, more, count } = (await this.#call(methods.range, request, signal)).answer;
      if (as === 0) as = header.revision;
      for (const kv of kvs) entries.push(this.#entryOf(kv));
      const last = kvs.at(-1);
      if (!more || last === undefined || entries.length >= limit)
        return { entries, revision: as, remaining: more ? count - kvs.length : 0 };
      from = Buffer.concat([last.key, Buffer.of(0)]);
    }
  }

  async commit(key: string, expected: number, object: KubeObject | undefined, signal?: AbortSignal): Promise<Committed | undefined> {
    const name = this.#key(key);
    const value = object && Buffer.from(JSON.stringify(object));
    const request: TxnRequest = {
      compare: [{ result: 'EQUAL', target: 'MOD', key: name, mod_revision: expected }],
      success: [value === undefined ? { request_delete_range: { key: name } } : { request_put: { key: name, value } }],
      failure: [{ request_range: { key: name } }],
    };
    const { answer, tries } = await this.#call(methods.txn, request, signal);
    if (answer.succeeded) return object === undefined ? { revision: answer.header.revision } : entryAt(key, object, answer.header.revision);
    return tries > 1 ? this.#earlierTry(value, answer) : undefined;
  }

  async *follow(prefix: string, after: number, { timeoutMs, signal }: FollowOptions): AsyncGenerator<Change | Progress> {
    this.#checkOpen();
    const { endpoint } = this.#connection;
    const ends = [this.#closing.signal, ...(signal ? [signal] : []), ...(timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)])];
    const end = AbortSignal.any(ends);
    if (end.aborted) return;
    const key = this.#key(prefix);
    const create_request = {
      key,
      range_end: prefixEnd(key),
      start_revision: after + 1,
      progress_notify: true,
      prev_kv: true,
      fragment: true,
    };
    try {
      const stream = await this.#connection.watch({ create_request });
      // what ends the stream after its reader has left concerns nobody
      stream.on('error', () => undefined);
      const cancel = () => stream.cancel();
      end.addEventListener('abort', cancel);
      if (end.aborted) cancel();
      try {
        for await (const response of stream) yield* this.#changesOf(response as WatchResponse);
      } finally {
        end.removeEventListener('abort', cancel);
        cancel();
      }
    } catch (error) {
      if (end.aborted) return;
      if (needsLogin(error)) this.#connection.forgetLogin();
      else this.#connection.leave(endpoint);
      throw storeErrorOf(`etcd watch ${endpoint}`, error);
    }
    if (!end.aborted) throw new StoreError('ServiceUnavailable', `etcd watch ${endpoint}: the member ended it`);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection.close();
  }

  #call: Connection['call'] = (method, request, signal) => {
    this.#checkOpen();
    return this.#connection.call(method, request, signal);
  };

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new StoreError('ServiceUnavailable', 'the store is closed');
  }

  *#changesOf(response: WatchResponse): Generator<Change | Progress> {
    const { header, canceled, compact_revision, cancel_reason, created, events } = response;
    if (compact_revision > 0) throw new StoreError('Expired', `too old resource version: compacted at ${compact_revision}`);
    if (canceled) throw new StoreError('ServiceUnavailable', `etcd cancelled the watch: ${cancel_reason || 'no reason given'}`);
    for (const event of events) yield this.#changeOf(event);
    if (events.length === 0 && !created) yield { progress: header.revision };
  }

  #changeOf({ type, kv, prev_kv }: WatchEvent): Change {
    const key = this.#nameOf(kv);
    const object = type === 'PUT' ? this.#entryOf(kv).object : undefined;
    const previous = prev_kv ? this.#entryOf(prev_kv).object : undefined;
    return { key, revision: kv.mod_revision, ...(object && { object }), ...(previous && { previous }) };
  }

  /** A write that was tried twice may have failed the second time because the first one worked: then the key is as it was to be. */
  #earlierTry(value: Buffer | undefined, { header, responses }: TxnResponse): Committed | undefined {
    const found = responses[0]?.response_range?.kvs[0];
    if (value === undefined) return found === undefined ? { revision: header.revision } : undefined;
    return found?.value.equals(value) ? this.#entryOf(found) : undefined;
  }

  #key(key: string): Buffer {
    return Buffer.from(this.#root + key);
  }

  #nameOf({ key }: KeyValue): string {
    return key.toString().slice(this.#root.length);
  }

  #entryOf(kv: KeyValue): Entry {
    const key = this.#nameOf(kv);
    return entryAt(key, objectOf(key, kv.value), kv.mod_revision);
  }
}

function entryAt(key: string, object: KubeObject, revision: number): Entry {
  return { key, object: deepFreeze(atRevision(object, revision)), revision };
}

function objectOf(key: string, value: Buffer): KubeObject {
  try {
    const object = JSON.parse(value.toString());
    if (typeof object?.metadata === 'object' && object.metadata !== null) return object;
  } catch {
    // the answer below is for this, too
  }
  throw new StoreError('InternalError', `read etcd key ${key}: its value is not an object (remove it with etcdctl)`);
}

/** The first key behind all that begin with a prefix. Our prefixes end with `/`. */
function prefixEnd(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end[end.length - 1] ?? 0) + 1;
  return end;
}
