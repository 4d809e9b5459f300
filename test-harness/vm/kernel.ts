import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { currentPackages, fetchPinned, type UsedPackage, unpack } from './archive.ts';
import { cached, cacheFolder } from './cache.ts';
import { makeImage, releaseOf } from './image.ts';
import { type KernelName, type KernelRow, kernelRow } from './kernels.ts';
import { type Progress, timed } from './progress.ts';

/** A kernel in the cache, ready to boot. */
export interface Kernel {
  readonly name: KernelName;
  /** `uname -r` */
  readonly release: string;
  /** holds `vmlinux`, `modules.cpio`, `lib/modules/` and `source.json` */
  readonly folder: string;
  /** the packages that it was made of */
  readonly packages: readonly UsedPackage[];
  /** false when the archive no longer had what the manifest names, so that the suite's current build was taken */
  readonly pinned: boolean;
}

/** Changes when a cached image is made in another way. */
const IMAGE_VERSION = 1;

function digestOf(row: KernelRow): string {
  return createHash('sha256')
    .update(JSON.stringify([IMAGE_VERSION, row.packages]))
    .digest('hex')
    .slice(0, 12);
}

/** Fetches all of them, or none because the archive has gone on. */
async function pinnedFiles(row: KernelRow, into: string): Promise<string[] | undefined> {
  const there = await Promise.all(row.packages.map((wanted) => fetchPinned(row.archive, wanted, into)));
  return there.every(Boolean) ? row.packages.map(({ file }) => join(into, basename(file))) : undefined;
}

/**
 * The kernel of a name, from the cache or the archive. What the manifest names is taken by its hash. When it has left the archive, which
 * keeps a superseded build for some months only, the suite's current build of the same series takes its place, verified through the
 * archive's signed index, and the progress says so. Throws NO_KERNEL, NO_PROGRAM.
 */
export async function obtainKernel(name: KernelName, progress: Progress): Promise<Kernel> {
  const row = kernelRow(name);
  const folder = await cached(cacheFolder('kernels', `${name}-${digestOf(row)}`), (fresh) => fill(fresh, name, row, progress));
  const source: Pick<Kernel, 'packages' | 'pinned'> = JSON.parse(await readFile(join(folder, 'source.json'), 'utf8'));
  return { name, release: await releaseOf(folder), folder, packages: source.packages, pinned: source.pinned };
}

async function fill(folder: string, name: KernelName, row: KernelRow, progress: Progress): Promise<void> {
  const archives = join(folder, 'archives');
  await mkdir(archives);
  const wanted = `kernel ${name}: fetch ${row.packages[0]?.name} ${row.packages[0]?.version}`;
  const pinned = await timed(progress, wanted, () => pinnedFiles(row, archives));
  if (pinned === undefined) progress(`kernel ${name}: it has left the archive; taking the current one of ${row.suite}`);
  const files = pinned ?? (await currentPackages(row, archives));
  const unpacked = join(folder, 'unpacked');
  const packages = await unpack(files, unpacked);
  if (pinned === undefined)
    for (const used of packages) progress(`kernel ${name}: took ${used.name} ${used.version}, SHA-256 ${used.sha256}`);
  await timed(progress, `kernel ${name}: unpack`, () => makeImage(unpacked, folder));
  await writeFile(join(folder, 'source.json'), `${JSON.stringify({ packages, pinned: pinned !== undefined }, null, 2)}\n`);
  for (const path of [archives, unpacked]) await rm(path, { recursive: true });
}
