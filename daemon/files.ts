import { mkdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { step } from '../conf/step.ts';
import { hasErrno } from './failure.ts';

/*
 * Small files of state. They live on tmpfs, where a rename is the whole of durability: there is no disk to sync to, and a kill at any
 * instruction leaves either the old file or the new one. The calls are synchronous because each costs some ten microseconds there,
 * less than a trip through the thread pool.
 */

/** Writes a file of mode 0600 as a whole: readers and crashes see the old text or the new, never a part. Makes the folder if it is missing. */
export function writeWhole(path: string, text: string | Uint8Array): void {
  try {
    replace(path, text);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    replace(path, text);
  }
}

function replace(path: string, text: string | Uint8Array): void {
  const temporary = `${path}.tmp`;
  try {
    step('file.write', () => writeFileSync(temporary, text, { mode: 0o600 }));
    step('file.rename', () => renameSync(temporary, path));
  } catch (error) {
    discard(temporary);
    throw error;
  }
}

/** Keeps a file that cannot be used for a person to look at. Gives its new name. */
export function moveAside(path: string): string {
  const aside = `${path}.bad`;
  step('file.aside', () => renameSync(path, aside));
  return aside;
}

/** A full disk takes the file and not its text; what cannot be removed either is written over next time. */
function discard(path: string): void {
  try {
    removeAll(path);
  } catch {
    // The first failure is the one to tell.
  }
}

/** The file's text, or undefined when there is no such file. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Removes a folder and what is in it; nothing there is fine. Quicker than {@link removeAll} for what is known to be a folder. */
export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/**
 * Removes a file or a whole folder; nothing there is fine. Throws with the kernel's errno: rmSync alone says `Unknown error` and no code when
 * it cannot remove a file (Node 24).
 */
export function removeAll(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return;
    // EISDIR is Linux's answer for a folder, EPERM that of POSIX (unlink(2))
    if (!hasErrno(error, 'EISDIR', 'EPERM')) throw error;
    removeFolder(path);
  }
}

/** `dev:ino` of what the path leads to, or undefined when it leads nowhere. Two paths to one network namespace give the same text. */
export function fileIdentity(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
