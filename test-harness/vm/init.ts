import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../errors.ts';

/** `dist/vm/init`, from the source and from the published package (`dist/package/test-harness/vm/`). */
function path(): string {
  const here = import.meta.dirname;
  return import.meta.url.endsWith('.ts') ? join(here, '../../dist/vm/init') : join(here, '../../../vm/init');
}

/** Process 1 of the guest, which the build makes of `init/*.c`. Throws NO_VM in a checkout that has not been built. */
export async function initProgram(): Promise<{ readonly data: Buffer; readonly digest: string }> {
  if (!existsSync(path())) throw new HarnessError('NO_VM', `boot a virtual machine: ${path()} is not built (npm run build)`);
  const data = await readFile(path());
  return { data, digest: createHash('sha256').update(data).digest('hex').slice(0, 12) };
}
