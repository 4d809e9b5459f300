import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { glob, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { HarnessError } from '../errors.ts';
import { type ArchiveFile, cpio } from './cpio.ts';
import { unlz4 } from './lz4.ts';

const run = promisify(execFile);

/** What process 1 cannot do without before the root file system is there. Most kernels have some of them built in. */
const FIRST_MODULES = ['virtio_pci', 'virtio_console', 'virtiofs', 'overlay'];

async function unxz(data: Buffer): Promise<Buffer> {
  const child = run('xz', ['--decompress', '--stdout', '--single-stream'], { encoding: 'buffer', maxBuffer: 1 << 28 });
  child.child.stdin?.end(data);
  return (await child).stdout;
}

const formats: readonly { readonly magic: string; readonly decompress: (data: Buffer) => Buffer | Promise<Buffer> }[] = [
  { magic: 'fd377a585a00', decompress: unxz },
  { magic: '28b52ffd', decompress: (data) => zstdDecompressSync(data) },
  { magic: '1f8b', decompress: (data) => gunzipSync(data) },
  { magic: '02214c18', decompress: unlz4 },
  { magic: '7f454c46', decompress: (data) => data },
];

async function decompress(data: Buffer, what: string): Promise<Buffer> {
  const format = formats.find(({ magic }) => data.toString('hex', 0, magic.length / 2) === magic);
  if (format === undefined)
    throw new HarnessError('NO_KERNEL', `unpack ${what}: it begins with ${data.toString('hex', 0, 8)}, a format not known`);
  return format.decompress(data);
}

/**
 * The kernel proper inside a bzImage (Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length; the payload's last four
 * bytes are its length unpacked). Booted by PVH it starts a second sooner than its own decompressor under emulation.
 */
export async function vmlinuxOf(bzImage: Buffer): Promise<Buffer> {
  if (bzImage.toString('latin1', 0x202, 0x206) !== 'HdrS') throw new HarnessError('NO_KERNEL', 'unpack the kernel: it is no bzImage');
  const start = ((bzImage[0x1f1] || 4) + 1) * 512 + bzImage.readUInt32LE(0x248);
  return decompress(bzImage.subarray(start, start + bzImage.readUInt32LE(0x24c) - 4), 'the kernel');
}

async function oneFile(folder: string, patterns: readonly string[]): Promise<string> {
  for await (const path of glob([...patterns], { cwd: folder })) return join(folder, path);
  throw new HarnessError('NO_KERNEL', `unpack the kernel: no ${patterns.join(' or ')} in its packages`);
}

/** Makes `vmlinux`, `lib/modules/RELEASE` with its indices, and `modules.cpio` of unpacked kernel packages. */
export async function makeImage(unpacked: string, folder: string): Promise<void> {
  const vmlinuz = await oneFile(unpacked, ['boot/vmlinuz-*', 'usr/lib/modules/*/vmlinuz', 'lib/modules/*/vmlinuz']);
  await writeFile(join(folder, 'vmlinux'), await vmlinuxOf(await readFile(vmlinuz)));
  const tree = existsSync(join(unpacked, 'usr/lib/modules')) ? 'usr/lib/modules' : 'lib/modules';
  await mkdir(join(folder, 'lib'), { recursive: true });
  await rename(join(unpacked, tree), join(folder, 'lib', 'modules'));
  const release = await releaseOf(folder);
  await run('depmod', ['--basedir', folder, release]);
  await writeFile(join(folder, 'modules.cpio'), cpio(await firstModules(folder, release)));
}

/** `uname -r` of the image in a folder. */
export async function releaseOf(folder: string): Promise<string> {
  const [release] = await readdir(join(folder, 'lib', 'modules'));
  if (release === undefined) throw new HarnessError('NO_KERNEL', `find modules in ${folder}: there are none`);
  return release;
}

async function modulePaths(folder: string, release: string): Promise<string[]> {
  const paths: string[] = [];
  for (const name of FIRST_MODULES) {
    const { stdout } = await run('modprobe', ['--dirname', folder, '--set-version', release, '--show-depends', name]);
    for (const [, path = ''] of stdout.matchAll(/^insmod (\S+)/gm)) if (!paths.includes(path)) paths.push(path);
  }
  return paths;
}

/** The modules in the order of their need, unpacked, for only newer kernels unpack them themselves; and the list that init reads. */
async function firstModules(folder: string, release: string): Promise<ArchiveFile[]> {
  const files: ArchiveFile[] = [];
  for (const path of await modulePaths(folder, release)) {
    const name = basename(path).replace(/\.(xz|zst|gz)$/, '');
    files.push({ path: name, mode: 0o100644, data: await decompress(await readFile(path), name) });
  }
  const list = files.map(({ path }) => `/${path}\n`).join('');
  return [...files, { path: 'modules', mode: 0o100644, data: Buffer.from(list) }];
}
