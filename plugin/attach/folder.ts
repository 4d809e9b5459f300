import { existsSync, readdirSync } from 'node:fs';
import { hasErrno } from '../../native/errors.ts';

/** Names in a folder; undefined when there is no such folder. */
export function namesIfThere(folder: string): string[] | undefined {
  // An error of node:fs takes longer than the look, and a new pod has no folder.
  if (!existsSync(folder)) return undefined;
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
