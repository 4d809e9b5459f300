import { readlink } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

/** Symbolic links followed before a path is called a loop, as in path_resolution(7). */
const MAX_LINKS = 40;

/**
 * The path, on the real machine, of a file in another root (`/proc/<pid>/root`).
 *
 * Going through `/proc/<pid>/root` reaches the other mount namespace without entering it, but the kernel would resolve an absolute symbolic link
 * found on the way (such as /var/run → /run) from the caller's root. So links are resolved here, one by one.
 */
export async function resolveIn(root: string, path: string): Promise<string> {
  let rest = normalize(join('/', path)).split('/').filter(Boolean);
  let done = '/';
  for (let links = 0; rest.length > 0; ) {
    const [first = '', ...others] = rest;
    const next = normalize(join(done, first));
    const target = await readlink(join(root, next)).catch(() => undefined);
    if (target === undefined) {
      done = next;
      rest = others;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw new Error(`resolve ${path}: too many symbolic links`);
    rest = [
      ...normalize(join(target.startsWith('/') ? '/' : dirname(next), target))
        .split('/')
        .filter(Boolean),
      ...others,
    ];
    done = '/';
  }
  return join(root, done);
}
