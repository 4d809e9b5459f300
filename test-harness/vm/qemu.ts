import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { HarnessError } from '../errors.ts';
import { fetchPinned, unpack } from './archive.ts';
import { cached, cacheFolder } from './cache.ts';
import type { PinnedPackage } from './kernels.ts';
import { type Progress, timed } from './progress.ts';

const run = promisify(execFile);

/** An emulator that is there: its program, and the folders with its firmware when they are not where it looks by itself. */
export interface Qemu {
  readonly program: string;
  readonly firmware: readonly string[];
  readonly version: readonly [major: number, minor: number];
}

/** How guest code is run. */
export type Accelerator = 'kvm' | 'tcg';

/**
 * Debian 12 has QEMU 7.2, whose emulated cmpxchg16b breaks newer kernels. Its backports have 10.0, which runs on the libraries that 7.2
 * brings: unpacked here, installed nowhere. virtiofsd stays that of 7.2: QEMU 8 and newer have none.
 */
const BACKPORT: readonly PinnedPackage[] = [
  {
    name: 'qemu-system-x86',
    version: '1:10.0.2+ds-2+deb13u1~bpo12+1',
    file: 'pool/main/q/qemu/qemu-system-x86_10.0.2+ds-2+deb13u1~bpo12+1_amd64.deb',
    sha256: '4a6b1856c8b0d7df4ff8e70249e12c473ccf8d516aadb4ae14d3d938faed0c65',
  },
  {
    name: 'qemu-system-data',
    version: '1:10.0.2+ds-2+deb13u1~bpo12+1',
    file: 'pool/main/q/qemu/qemu-system-data_10.0.2+ds-2+deb13u1~bpo12+1_all.deb',
    sha256: '2d831088187087013b3fcbd19bdfb955b182a2d5a08f6dafa0ad1c6d2007fb4e',
  },
  {
    name: 'seabios',
    version: '1.16.3-2~bpo12+1',
    file: 'pool/main/s/seabios/seabios_1.16.3-2~bpo12+1_all.deb',
    sha256: '48390d0a534c66d11789e39518aa219773a9d3677b29fe1af8799dfb563ec713',
  },
];

/** The first version that runs Debian's kernels up to 7.3 emulated, with cmpxchg16b, without a fault. */
const SOUND = 10;

const SYSTEM = '/usr/bin/qemu-system-x86_64';

async function versionOf(program: string): Promise<Qemu['version']> {
  const { stdout } = await run(program, ['--version']);
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(stdout) ?? [];
  return [Number(major), Number(minor)];
}

function isDebian12(): boolean {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^ID=debian$/m.test(release) && /^VERSION_ID="12"$/m.test(release);
}

async function fetchBackport(progress: Progress): Promise<Qemu | undefined> {
  const folder = await cached(cacheFolder('qemu', '10.0.2'), async (fresh) => {
    const archives = join(fresh, 'archives');
    await mkdir(archives);
    await timed(progress, 'fetch QEMU 10.0.2 from bookworm-backports', async () => {
      const there = await Promise.all(BACKPORT.map((wanted) => fetchPinned('debian', wanted, archives)));
      const files = BACKPORT.filter((_, index) => there[index]).map(({ file }) => join(archives, basename(file)));
      await unpack(files, fresh);
    });
    await rm(archives, { recursive: true });
  });
  const program = join(folder, SYSTEM);
  // an archive that no longer has it leaves an empty folder behind, and the system's own QEMU to be used
  if (!existsSync(program)) return undefined;
  const firmware = ['qemu', 'seabios'].map((name) => join(folder, 'usr/share', name));
  return { program, firmware, version: await versionOf(program) };
}

/** The best emulator there is: the system's when it is sound, or a newer one that its libraries can carry. Throws NO_PROGRAM. */
export async function obtainQemu(progress: Progress): Promise<Qemu> {
  if (!existsSync(SYSTEM))
    throw new HarnessError('NO_PROGRAM', `start a virtual machine: ${SYSTEM} is not there (Debian: qemu-system-x86)`);
  const system: Qemu = { program: SYSTEM, firmware: [], version: await versionOf(SYSTEM) };
  if (system.version[0] >= SOUND || !isDebian12()) return system;
  return (await fetchBackport(progress)) ?? system;
}

/**
 * KVM only where the processor says that it can virtualise: /dev/kvm alone says nothing. A host that is itself a guest may offer it by
 * software (pvm), which runs no unmodified kernel.
 */
export function accelerator(): Accelerator {
  const canVirtualise = /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return 'tcg';
  }
  return canVirtualise ? 'kvm' : 'tcg';
}

/** What is emulated of the processor: all that QEMU has, but for what it gets wrong. */
export function processor(qemu: Qemu, by: Accelerator): string {
  if (by === 'kvm') return 'host';
  return qemu.version[0] >= SOUND ? 'max' : 'max,-cx16';
}

/** The program that serves the host's files: QEMU's own in C, or the one in Rust that took its place. Throws NO_PROGRAM. */
export function fileServer(): { readonly program: string; readonly kind: 'c' | 'rust' } {
  if (existsSync('/usr/lib/qemu/virtiofsd')) return { program: '/usr/lib/qemu/virtiofsd', kind: 'c' };
  if (existsSync('/usr/libexec/virtiofsd')) return { program: '/usr/libexec/virtiofsd', kind: 'rust' };
  throw new HarnessError(
    'NO_PROGRAM',
    'start a virtual machine: virtiofsd is not there (Debian 12: qemu-system-common, Debian 13: virtiofsd)',
  );
}
