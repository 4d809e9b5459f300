/** The daemon cannot start or go on; `main` prints the message without a stack and ends with status 1. */
export class StartError extends Error {
  readonly code = 'START';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StartError';
  }
}

/** The text of anything thrown, with the messages of its causes: `write record 7: rename: no space left on device`. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message === '' ? error.name : error.message;
  return error.cause === undefined ? own : `${own}: ${messageOf(error.cause)}`;
}

/** True for an error of the file system or kernel with this errno name, whichever layer threw it. */
export function hasErrno(error: unknown, ...names: readonly string[]): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, errnoName } = error as { code?: unknown; errnoName?: unknown };
  return names.some((name) => code === name || errnoName === name);
}
