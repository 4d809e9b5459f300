import type { KubeObject, Resource } from '../object.ts';
import type { Selection, Store } from '../store.ts';
import { Informer, type InformerOptions, type InformerStatus } from './informer.ts';

/** The informers of a process: one watch per kind and selection, whoever asks. */
export class Informers {
  readonly #store: Store;
  readonly #informers = new Map<string, Informer<KubeObject>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The running informer of a kind. Its first user says what it keeps and how it is indexed. */
  of<T extends KubeObject>(resource: Resource<T>, options: InformerOptions<T> = {}): Informer<T> {
    const key = nameOf(resource, options);
    const known = this.#informers.get(key) as unknown as Informer<T> | undefined;
    if (known !== undefined) return known;
    const informer = new Informer(this.#store, resource, options).start();
    this.#informers.set(key, informer as unknown as Informer<KubeObject>);
    return informer;
  }

  get status(): readonly InformerStatus[] {
    return [...this.#informers.values()].map(({ status }) => status);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.close()));
  }
}

function nameOf({ group, plural }: Resource, { namespace, labelSelector, fieldSelector }: Selection): string {
  return JSON.stringify([group, plural, namespace, labelSelector, fieldSelector]);
}
