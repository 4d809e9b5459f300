import { createHash } from 'node:crypto';
import { type Dirent, readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Fd, getPinned, hasErrno, linkInfo, mapInfo, programInfo } from '../../native/index.ts';
import type { Machine } from '../lab/machine.ts';
import type { Section } from './describe.ts';

/** Where a machine's bpffs is; what lies in it counts as a pin. */
const BPFFS = '/sys/fs/bpf';

/** Files below the folders, by path, with the digest of their contents if asked for; those of the BPF file system with what is pinned. */
export async function files(machine: Machine, folders: readonly string[], contents: boolean): Promise<{ file: Section; pin: Section }> {
  const file = new Map<string, string>();
  const pin = new Map<string, string>();
  for (const folder of folders) {
    const real = await machine.path(folder);
    const entries = await readdir(real, { recursive: true, withFileTypes: true }).catch((): Dirent[] => []);
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      const name = `${folder}${path.slice(real.length)}`;
      if (name.startsWith(`${BPFFS}/`)) pin.set(name, entry.isDirectory() ? 'folder' : await describePin(path));
      else file.set(name, entry.isDirectory() ? 'folder' : contents && entry.isFile() ? await digest(path) : '');
    }
  }
  return { file, pin };
}

/** `sha256 0123456789ab`; '' for a file that goes while it is looked at. */
async function digest(path: string): Promise<string> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes === undefined ? '' : `sha256 ${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;
}

/** `map axo_endpoints`, `program axo_from_host`, `link of program axo_from_host`; '' for what goes while it is looked at. */
async function describePin(path: string): Promise<string> {
  try {
    using object = getPinned(path);
    return await describeObject(object);
  } catch (error) {
    if (hasErrno(error, 'ENOENT') || hasErrno(error, 'EPERM') || hasErrno(error, 'EACCES') || hasErrno(error, 'EINVAL')) return '';
    throw error;
  }
}

/** The kernel names the kind of a BPF descriptor in its link under /proc: `anon_inode:bpf-map`, `bpf-prog`, `bpf_link`. */
async function describeObject(object: Fd): Promise<string> {
  const kind = readlinkSync(`/proc/self/fd/${object.use()}`);
  if (kind.endsWith('bpf-map')) return `map ${mapInfo(object).name}`;
  if (kind.endsWith('bpf-prog')) return `program ${programInfo(object).name}`;
  return kind.endsWith('bpf_link') || kind.endsWith('bpf-link') ? `link of type ${(await linkInfo(object)).type}` : kind;
}
