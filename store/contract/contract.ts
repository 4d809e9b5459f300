import { afterAll, beforeAll, describe } from 'vitest';
import type { Store } from '../store.ts';
import { testDeletion } from './deletion.ts';
import { testLists } from './lists.ts';
import { testWatches } from './watches.ts';
import { testWrites } from './writes.ts';

/** One backend under test. */
export interface Backend extends AsyncDisposable {
  readonly store: Store;
}

/** What every store does, on a backend that serves the kinds of widget.ts and the namespaces default and kube-public. */
export function testContract(title: string, open: () => Promise<Backend>): void {
  describe(title, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend?.[Symbol.asyncDispose]());
    const store = () => backend.store;
    testWrites(store);
    testDeletion(store);
    testLists(store);
    testWatches(store);
  });
}
