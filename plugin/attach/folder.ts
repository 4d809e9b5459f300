import { readdirSync } from 'node:fs';
import { hasErrno } from '../../native/errors.ts';

/** Names in a folder; undefined when there is no such folder. */
export function namesIfThere(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The same, none when there is no such folder. */
export function namesIn(folder: string): string[] {
  return namesIfThere(folder) ?? [];
}
