import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Outside of every checkout, so that a clean clone finds what another has fetched (XDG Base Directory Specification, XDG_CACHE_HOME). */
export function cacheFolder(...path: readonly string[]): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'axoneme', 'vm', ...path);
}

/**
 * A folder of the cache, made when it is not there yet. It appears whole, by rename: a process that is killed half-way leaves a
 * `.new-` folder, and of two that make the same at once the second throws its own away.
 */
export async function cached(folder: string, make: (fresh: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const fresh = await mkdtemp(join(dirname(folder), '.new-'));
  try {
    await make(fresh);
    await rename(fresh, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}
