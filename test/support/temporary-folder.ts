import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * For vitest, which calls `setup` before a run and `teardown` after it: the run has a folder of its own for temporary files, which goes with all that
 * tests left there.
 */

let folder: string | undefined;

export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), 'axoneme-test-'));
  process.env['TMPDIR'] = folder;
}

export function teardown(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
