import type { KubeObject, Resource } from '../object.ts';
import type { Store, WatchEvent, WatchOptions } from '../store.ts';

/** A watch whose events a test reads as they come. */
export class Collector<T extends KubeObject> implements AsyncDisposable {
  readonly events: WatchEvent<T>[] = [];
  /** when each event came, by performance.now() */
  readonly times: number[] = [];
  /** what the watch ended with: undefined when it ended in order */
  readonly ended: Promise<unknown>;
  readonly #controller = new AbortController();

  constructor(store: Store, resource: Resource<T>, options: WatchOptions = {}) {
    this.ended = this.#read(store.watch(resource, { ...options, signal: this.#controller.signal }));
  }

  async #read(events: AsyncIterable<WatchEvent<T>>): Promise<unknown> {
    try {
      for await (const event of events) {
        this.times.push(performance.now());
        this.events.push(event);
      }
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** `TYPE NAME`, without bookmarks. */
  get lines(): string[] {
    return this.events.flatMap((event) => (event.type === 'BOOKMARK' ? [] : [`${event.type} ${event.object.metadata.name}`]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.ended;
  }
}
