import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Paths } from '../conf/paths.ts';
import { version } from '../conf/version.ts';
import { StartError } from './failure.ts';
import { readIfThere, writeWhole } from './files.ts';

/**
 * Layout of all that a daemon leaves for the next one: the files below `runDir` and the pins. A change that this number does not tell of must
 * be readable by the version before. Map layouts are not counted: they are compared with the kernel's own word, and made anew.
 */
export const STATE_FORMAT = 2;

const stamp = z.object({ format: z.int().check(z.positive()), writtenBy: z.string() });

const stampPath = ({ runDir }: Paths): string => join(runDir, 'format.json');

/**
 * Refuses state of a newer version than this one, whose meaning nobody here knows; asked before anything is touched. State without a stamp
 * is format 1: it is older than the stamp. Throws StartError.
 */
export function requireKnownFormat(paths: Paths): void {
  const text = readIfThere(stampPath(paths));
  if (text === undefined) return;
  const { format, writtenBy } = parseStamp(text, stampPath(paths));
  if (format <= STATE_FORMAT) return;
  throw new StartError(
    `start axoneme ${version}: ${paths.runDir} was written by axoneme ${writtenBy} in state format ${format}, this version knows ${STATE_FORMAT}; ` +
      `nothing was changed and pods keep their network: start ${writtenBy} or a later version, or drain the node and remove all with --cleanup`,
  );
}

/**
 * Says whose the state is from now on. Written when the programs are loaded, which is where an upgrade most likely fails, and before records and
 * links are changed: until then a start must leave nothing that the version before cannot read, so that it can take over again.
 */
export function stampFormat(paths: Paths): void {
  const text = `${JSON.stringify({ format: STATE_FORMAT, writtenBy: version })}\n`;
  if (readIfThere(stampPath(paths)) !== text) writeWhole(stampPath(paths), text);
}

function parseStamp(text: string, path: string): z.infer<typeof stamp> {
  try {
    return z.parse(stamp, JSON.parse(text));
  } catch (cause) {
    throw new StartError(`read ${path}: it does not say which version wrote the state; remove it if none newer than ${version} did`, cause);
  }
}
