/**
 * Files that travel inside the single executable: addons and eBPF objects. dlopen and libbpf want a path, so a file is unpacked once,
 * beside the executable (a place from which execution is allowed for certain, which /run is not on Debian: it is mounted noexec), or
 * under /var/lib where that folder is read-only. In a checkout and in the published package the same names are found in `dist/`.
 */
import { chmodSync, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';

/** Digest of the packed files, set by the bundler: two versions never meet in one folder. */
declare const AXONEME_EMBEDDED: string | undefined;

const fallback = '/var/lib/axoneme';

/** `dist/`, from the source (`native/`), a bundle (`dist/bundle/`) or the published package (`dist/package/native/`). */
function distFolder(): string {
  const here = import.meta.dirname;
  if (import.meta.url.endsWith('.ts')) return join(here, '..', 'dist');
  return basename(here) === 'bundle' ? dirname(here) : join(here, '..', '..');
}

function unpack(name: string, folder: string): string {
  const file = join(folder, name);
  if (existsSync(file) && statSync(file).uid === process.geteuid?.()) return file;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, new Uint8Array(getRawAsset(name)), { mode: 0o600 });
  chmodSync(temporary, 0o500);
  renameSync(temporary, file);
  return file;
}

/**
 * Path of an addon (`axoneme-sys.node`) or an eBPF object (`axoneme.o`).
 * Throws with both places named when it can be unpacked nowhere.
 */
export function embeddedFile(name: string): string {
  if (!isSea()) return join(distFolder(), name.endsWith('.node') ? 'native' : 'bpf', name);
  const version = typeof AXONEME_EMBEDDED === 'string' ? AXONEME_EMBEDDED : 'unversioned';
  const beside = join(dirname(process.execPath), '.axoneme', version);
  try {
    return unpack(name, beside);
  } catch (cause) {
    const below = join(fallback, version);
    try {
      return unpack(name, below);
    } catch {
      throw new Error(`unpack ${name}: neither ${beside} nor ${below} can be written`, { cause });
    }
  }
}
