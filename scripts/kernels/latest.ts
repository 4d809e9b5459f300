import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentPins } from '../../test-harness/vm/archive.ts';
import { KERNELS, kernelNames } from '../../test-harness/vm/kernels.ts';

/** Prints what each suite has today, as the rows of test-harness/vm/kernels.ts; a row that is already there is only named. */
export async function printLatest(): Promise<void> {
  for (const name of kernelNames) {
    const folder = await mkdtemp(join(tmpdir(), 'axoneme-apt-'));
    try {
      const packages = await currentPins(KERNELS[name], folder);
      const same = JSON.stringify(packages) === JSON.stringify(KERNELS[name].packages);
      process.stdout.write(`${name}: ${same ? 'as in the manifest' : JSON.stringify(packages, undefined, 2)}\n`);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}
