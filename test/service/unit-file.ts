import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The unit files that ship. */
export const unitFolder = join(import.meta.dirname, '..', '..', 'conf', 'systemd');

/** All values of one key of a unit file, in order; see systemd.syntax(7). */
export function unitValues(name: string, key: string): string[] {
  const lines = readFileSync(join(unitFolder, name), 'utf8').split('\n');
  return lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
}

/** The capabilities that the service keeps, in the words of setpriv(1): `net_admin`. */
export function keptCapabilities(): string[] {
  return unitValues('axoneme.service', 'CapabilityBoundingSet').flatMap((value) => value.toLowerCase().replaceAll('cap_', '').split(' '));
}

/** A command line that runs a program with these capabilities and no other, as CapabilityBoundingSet= does for root. */
export function withCapabilities(names: readonly string[], argv: readonly string[]): string[] {
  const set = ['-all', ...names.map((name) => `+${name}`)].join(',');
  return ['setpriv', '--inh-caps', '-all', '--bounding-set', set, '--no-new-privs', '--', ...argv];
}
