import { BpfError, hasErrno } from '../errors.ts';
import type { Fd } from '../fd.ts';
import { UpdateFlags } from './constants.ts';
import { possibleCpus } from './cpus.ts';
import { mapInfo } from './info.ts';
import { isPerCpu, mapEntries, mapGet, mapSet, perCpuStride } from './raw-map.ts';

/** What {@link copyEntries} did. */
export interface Copied {
  /** Entries that it wrote. */
  readonly copied: number;
  /** Entries for which the map had no room. */
  readonly lost: number;
}

/** Why the entries of `from` do not fit into a map with values like those of `to`; undefined when they do. */
export function copyObstacle(from: Fd, to: { readonly keySize: number; readonly valueSize: number }): string | undefined {
  const { keySize, valueSize } = mapInfo(from);
  if (keySize !== to.keySize) return `its keys have ${keySize} bytes, not ${to.keySize}`;
  return valueSize > to.valueSize ? `its values have ${valueSize} bytes, more than ${to.valueSize}` : undefined;
}

/**
 * Copies every entry that `to` does not have yet. A longer value gets zeros at its end; an entry that is there stays as it is. Keys are of one
 * size, and both maps or neither are per CPU. Throws BpfError when the entries do not fit, SyscallError.
 */
export function copyEntries(from: Fd, to: Fd): Copied {
  const source = mapInfo(from);
  const target = mapInfo(to);
  const obstacle = copyObstacle(from, target) ?? (isPerCpu(from) === isPerCpu(to) ? undefined : 'one of the two is per CPU');
  if (obstacle !== undefined) throw new BpfError(`copy map ${source.name}: ${obstacle}`);
  let [copied, lost] = [0, 0];
  const widen = widener(source.valueSize, target.valueSize, isPerCpu(from));
  for (const [key, value] of mapEntries(from)) {
    // A refused write costs ten times what a look-up does.
    if (mapGet(to, key) !== undefined) continue;
    try {
      mapSet(to, key, widen(value), UpdateFlags.noExist);
      copied++;
    } catch (error) {
      if (hasErrno(error, 'E2BIG')) lost++;
      else if (!hasErrno(error, 'EEXIST')) throw error;
    }
  }
  return { copied, lost };
}

/** Makes a value of one map one of the other: each processor's value is widened where there are several. */
function widener(from: number, to: number, perCpu: boolean): (value: Uint8Array) => Uint8Array {
  if (from === to) return (value) => value;
  const [stride, wider, count] = perCpu ? [perCpuStride(from), perCpuStride(to), possibleCpus()] : [from, to, 1];
  return (value) => {
    const result = new Uint8Array(wider * count);
    for (let cpu = 0; cpu < count; cpu++) result.set(value.subarray(cpu * stride, cpu * stride + from), cpu * wider);
    return result;
  };
}
