import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { copyEntries, copyObstacle, type Fd, getPinned, type MapShape, openIfPinned } from '../../native/index.ts';
import { StartError } from '../failure.ts';
import { removeAll } from '../files.ts';
import type { Logger } from '../log.ts';

/**
 * Maps that hold what no record says. When their layout changes, an upgrade copies their entries into the new map. A value grows at its end only, and new
 * bytes of 0 mean "not known"; where that is not enough, the first byte of a value is the version of its layout. See decision 0115.
 */
const stateMaps: readonly string[] = ['axo_metrics'];

export const isStateMap = (name: string): boolean => stateMaps.includes(name);

/** Where the map of the version before is pinned until every link runs the new programs. */
const asideOf = (path: string): string => `${path}_old`;

/**
 * Makes place for a new map at `path`, of which `shape` is the layout. Throws StartError when the new map could not take the entries: they are of a newer
 * version, and this one must not lose them.
 */
export function setAside(path: string, shape: MapShape): void {
  using current = getPinned(path);
  const obstacle = copyObstacle(current, shape);
  if (obstacle !== undefined) {
    const hint = 'start the newer version again, or drain the node and run axoneme daemon --cleanup';
    throw new StartError(`keep the entries of map ${shape.name}: ${obstacle} (${hint})`);
  }
  const aside = asideOf(path);
  using older = openIfPinned(aside);
  // An upgrade that did not come to its end left it: those entries are wanted too.
  if (older !== undefined) copyEntries(older, current);
  renameSync(path, aside);
}

/** Copies what the maps of before have learnt and the new ones have not. */
export function carryOver(folder: string, mapOf: (name: string) => Fd, log: Logger): void {
  for (const map of stateMaps) {
    using before = openIfPinned(asideOf(join(folder, map)));
    if (before === undefined) continue;
    const { copied, lost } = copyEntries(before, mapOf(map));
    log[lost > 0 ? 'warn' : 'info']({ map, copied, lost }, 'copied the entries of a map whose layout changed');
  }
}

/** Once more, since programs of before have run meanwhile; then forgets the maps of before. */
export function finishCarryOver(folder: string, mapOf: (name: string) => Fd, log: Logger): void {
  carryOver(folder, mapOf, log);
  for (const map of stateMaps) if (existsSync(asideOf(join(folder, map)))) removeAll(asideOf(join(folder, map)));
}
