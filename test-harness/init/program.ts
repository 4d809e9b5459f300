import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError } from '../errors.ts';

/** `dist/vm/init`, from the source and from the published package (`dist/package/test-harness/init/`). */
function path(): string {
  const here = import.meta.dirname;
  return import.meta.url.endsWith('.ts') ? join(here, '../../dist/vm/init') : join(here, '../../../vm/init');
}

/** Process 1 of machines, which the build makes of the C files here. Throws NO_PROGRAM in a checkout that has not been built. */
export function initProgram(): string {
  const program = path();
  if (!existsSync(program)) throw new HarnessError('NO_PROGRAM', `start a machine: ${program} is not built (npm run build)`);
  return program;
}
