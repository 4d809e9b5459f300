import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Set by the bundler from 05-axoneme.conflist. */
declare const AXONEME_CONFLIST: string | undefined;

/** Name of the network configuration list that ships. Runtimes take the first file of their folder, in the order of names. */
export const CONFLIST_NAME = '05-axoneme.conflist';

/** The network configuration list that ships, as text. */
export function shippedConflist(): string {
  return typeof AXONEME_CONFLIST === 'string' ? AXONEME_CONFLIST : readFileSync(join(import.meta.dirname, CONFLIST_NAME), 'utf8');
}
