import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testContract } from '../contract/contract.ts';
import { openEmbedded } from './index.ts';

testContract('the embedded store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-store-'));
  const store = await openEmbedded({ path: join(folder, 'objects.journal') });
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
