import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { step } from '../conf/step.ts';

/*
 * Files that others read or execute at any moment: a runtime starts the plugin and reads its configuration folder whenever it likes. Each
 * is written beside its place under a name that no runtime reads, synced, and renamed: whoever opens the path gets the old file or the
 * new one, whole, also after a crash of the machine. A rename never meets "text file busy" (ETXTBSY, execve(2)), since nothing is
 * written to a file that may be running; and it happens inside the folder, where containerd sees it.
 */

/** What `placeFile` had to do. */
export type Placed = 'placed' | 'unchanged';

/** What a file is to hold: the text itself, or the file that it is a copy of. */
export type Content = { readonly text: string } | { readonly copyOf: string };

/** Leftovers of a killed writer are removed when they are this old, in milliseconds; a younger one may be another writer's. */
const LEFTOVER_MS = 60_000;
const SUFFIX = '.axoneme-new';

/**
 * Puts a file of this mode in its place, making the folder if it is missing. One that is the same already is left alone, so that nobody who
 * watches it is woken. Throws what the file system says; the old file is whole then, and nothing lies beside it.
 */
export function placeFile(path: string, content: Content, mode: number): Placed {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  removeLeftovers(folder, basename(path));
  if (isSame(path, content, mode)) return 'unchanged';
  const temporary = join(folder, `.${basename(path)}.${randomBytes(4).toString('hex')}${SUFFIX}`);
  try {
    step('place.write', () => write(temporary, content));
    chmodSync(temporary, mode);
    step('place.sync', () => sync(temporary));
    step('place.rename', () => renameSync(temporary, path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  sync(folder);
  return 'placed';
}

/** Removes a file and makes that last; false when there was none. */
export function removePlaced(path: string): boolean {
  try {
    step('place.remove', () => rmSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  sync(dirname(path));
  return true;
}

function write(path: string, content: Content): void {
  if ('text' in content) writeFileSync(path, content.text, { mode: 0o600 });
  else copyFileSync(content.copyOf, path);
}

/** A descriptor for reading is enough for fsync(2), for a folder too. */
function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function removeLeftovers(folder: string, name: string): void {
  for (const entry of readdirSync(folder)) {
    if (!entry.startsWith(`.${name}.`) || !entry.endsWith(SUFFIX)) continue;
    const age = Date.now() - (statSync(join(folder, entry), { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > LEFTOVER_MS) rmSync(join(folder, entry), { force: true });
  }
}

function isSame(path: string, content: Content, mode: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined || (there.mode & 0o7777) !== mode) return false;
  if ('text' in content) return hasBytes(path, there.size, bytesOf(content.text));
  return there.size === statSync(content.copyOf).size && hasBytes(path, there.size, chunksOf(content.copyOf));
}

/** Bytes that are compared at a time. */
const CHUNK = 1024 * 1024;

function* bytesOf(text: string): Generator<Uint8Array> {
  yield Buffer.from(text);
}

function* chunksOf(path: string): Generator<Uint8Array> {
  const fd = openSync(path, 'r');
  try {
    const chunk = new Uint8Array(CHUNK);
    for (let n = readSync(fd, chunk); n > 0; n = readSync(fd, chunk)) yield chunk.subarray(0, n);
  } finally {
    closeSync(fd);
  }
}

function hasBytes(path: string, size: number, wanted: Iterable<Uint8Array>): boolean {
  const fd = openSync(path, 'r');
  try {
    let at = 0;
    for (const chunk of wanted) {
      const found = new Uint8Array(chunk.length);
      if (readSync(fd, found, 0, found.length, at) !== chunk.length || Buffer.compare(found, chunk) !== 0) return false;
      at += chunk.length;
    }
    return at === size;
  } finally {
    closeSync(fd);
  }
}
