import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../../conf/paths.ts';
import { step } from '../../conf/step.ts';
import { FileSystemType, MountFlags, mount, statfsType, umount } from '../../native/index.ts';
import { StartError } from '../failure.ts';
import { readIfThere, removeAll, writeWhole } from '../files.ts';

/** Exists while the bpffs is a mount of ours: `--cleanup` undoes it, a mount of the system stays. */
const marker = (paths: Paths): string => join(paths.runDir, 'mounted-bpffs');

const isBpffs = (path: string): boolean => statfsType(path) === FileSystemType.bpf;

/**
 * Mounts a BPF file system on `paths.bpffs` when there is none (bpf(2), "eBPF objects"; two must not stack on one path), and makes the
 * folders for our pins. Throws StartError.
 */
export async function ensureBpffs(paths: Paths): Promise<void> {
  try {
    mkdirSync(paths.bpffs, { recursive: true });
    if (!isBpffs(paths.bpffs)) await mountBpffs(paths);
    for (const folder of [paths.maps, paths.progs, paths.links]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartError(`prepare the bpf file system on ${paths.bpffs}`, error);
  }
}

/** The marker comes first, so that a mount of ours is never without one. */
async function mountBpffs(paths: Paths): Promise<void> {
  writeWhole(marker(paths), '');
  try {
    const flags = MountFlags.noSuid | MountFlags.noDev | MountFlags.noExec;
    await step('start.bpffs.mount', () => mount('bpf', paths.bpffs, 'bpf', flags, 'mode=0700'));
  } catch (error) {
    removeAll(marker(paths));
    throw error;
  }
}

/** Removes our pins, and the mount when it is ours. */
export async function removeBpffs(paths: Paths): Promise<void> {
  step('cleanup.pins', () => removeAll(join(paths.bpffs, 'axoneme')));
  if (readIfThere(marker(paths)) === undefined) return;
  if (isBpffs(paths.bpffs)) await step('cleanup.unmount', () => umount(paths.bpffs));
  removeAll(marker(paths));
}
