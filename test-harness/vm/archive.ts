import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { HarnessError } from '../errors.ts';
import type { KernelRow, PinnedPackage } from './kernels.ts';

const run = promisify(execFile);

/** apt's own downloader (apt-helper is not in PATH): follows the machine's proxies and verifies the hash. */
const HELPER = '/usr/lib/apt/apt-helper';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Debian's archives; another mirror is chosen by AXONEME_DEBIAN_MIRROR, which has `debian` and `debian-security` below it. */
const mirror = () => process.env['AXONEME_DEBIAN_MIRROR'] ?? 'http://deb.debian.org';

/** A package that has been unpacked, as it is recorded beside what was made of it. */
export interface UsedPackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** What apt says is wrong: its lines that begin with `E:`. */
function words(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
  const lines = (stderr?.trim() || message).split('\n');
  const errors = lines.filter((line) => line.startsWith('E:'));
  return (errors.length > 0 ? errors : lines.slice(-3)).join('; ');
}

/** Fetches a pinned package into a folder. False when the archive no longer has it; throws NO_KERNEL for any other reason. */
export async function fetchPinned(archive: KernelRow['archive'], wanted: PinnedPackage, folder: string): Promise<boolean> {
  if (!existsSync(HELPER))
    throw new HarnessError('NO_PROGRAM', `fetch ${wanted.name}: ${HELPER} is not there (this is no Debian or Ubuntu)`);
  const uri = `${mirror()}/${archive}/${wanted.file}`;
  const target = join(folder, basename(wanted.file));
  try {
    await run(HELPER, ['-o', 'APT::Sandbox::User=root', 'download-file', uri, target, `SHA256:${wanted.sha256}`]);
    return true;
  } catch (cause) {
    if (/\b404\b/.test(words(cause))) return false;
    throw new HarnessError('NO_KERNEL', `fetch ${wanted.name} ${wanted.version} from ${uri}: ${words(cause)}`, { cause });
  }
}

/** apt with sources, lists and cache of its own below a folder: the machine's are neither read nor written. */
class PrivateApt {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string, archive: KernelRow['archive'], suite: string): Promise<PrivateApt> {
    if (!existsSync(KEYRING))
      throw new HarnessError('NO_PROGRAM', `ask Debian's archive: ${KEYRING} is not there (package debian-archive-keyring)`);
    for (const path of ['lists/partial', 'cache/archives/partial']) await mkdir(join(folder, path), { recursive: true });
    await writeFile(join(folder, 'sources.list'), `deb [arch=amd64 signed-by=${KEYRING}] ${mirror()}/${archive} ${suite} main\n`);
    const paths = { 'Etc::SourceList': 'sources.list', 'State::Lists': 'lists', Cache: 'cache' };
    const lines = Object.entries(paths).map(([key, path]) => `Dir::${key} "${join(folder, path)}";`);
    const fixed = ['Dir::Etc::SourceParts "/dev/null";', 'Dir::State::status "/dev/null";', 'APT::Sandbox::User "root";'];
    // the meta data of applications and the translations, which some machines ask for by default
    const small = ['Acquire::Languages "none";', 'APT::Architecture "amd64";', 'APT::Architectures { "amd64"; };'];
    await writeFile(join(folder, 'apt.conf'), [...lines, ...fixed, ...small, ''].join('\n'));
    const apt = new PrivateApt(folder);
    await apt.#run('apt-get', ['update', '-qq']);
    return apt;
  }

  async #run(program: string, args: readonly string[]): Promise<string> {
    const env = { ...process.env, APT_CONFIG: join(this.#folder, 'apt.conf'), LC_ALL: 'C' };
    try {
      return (await run(program, args, { cwd: this.#folder, env, maxBuffer: 1 << 26 })).stdout;
    } catch (cause) {
      throw new HarnessError('NO_KERNEL', `${program} ${args.join(' ')}: ${words(cause)}`, { cause });
    }
  }

  /** Names of the packages that the meta package stands for: an image, or the three into which newer kernels are split. */
  async kernelPackages(meta: string): Promise<string[]> {
    const image = /^Depends:.*?\b(linux-image-\d[^ ,]*)/m.exec(await this.#run('apt-cache', ['show', '--no-all-versions', meta]))?.[1];
    if (image === undefined) throw new HarnessError('NO_KERNEL', `find the current kernel: ${meta} depends on no image`);
    const known = new Set((await this.#run('apt-cache', ['pkgnames', 'linux-'])).split('\n'));
    const parts = ['binary', 'modules', 'base'].map((part) => image.replace('image', part));
    return parts.every((name) => known.has(name)) ? parts : [image];
  }

  /** Fetches packages in their current versions, verified through the archive's signed index. */
  async download(names: readonly string[]): Promise<string[]> {
    await this.#run('apt-get', ['download', '-qq', ...names]);
    return (await readdir(this.#folder)).filter((file) => file.endsWith('.deb')).map((file) => join(this.#folder, file));
  }

  /** The rows of a manifest for packages, from the index. */
  async pins(names: readonly string[]): Promise<PinnedPackage[]> {
    const text = await this.#run('apt-cache', ['show', '--no-all-versions', ...names]);
    const field = (stanza: string, name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1] ?? '';
    return text
      .split(/\n\n+/)
      .filter((stanza) => stanza.startsWith('Package:'))
      .map((stanza) => ({
        name: field(stanza, 'Package'),
        version: field(stanza, 'Version'),
        file: field(stanza, 'Filename'),
        sha256: field(stanza, 'SHA256'),
      }));
  }
}

/** What the suite has today, as rows of the manifest. Throws NO_KERNEL. */
export async function currentPins(row: KernelRow, folder: string): Promise<PinnedPackage[]> {
  const apt = await PrivateApt.open(folder, row.archive, row.suite);
  return apt.pins(await apt.kernelPackages(row.meta));
}

/** Fetches the suite's current build. Throws NO_KERNEL, and NO_PROGRAM without the archive's keys. */
export async function currentPackages(row: KernelRow, folder: string): Promise<string[]> {
  const apt = await PrivateApt.open(folder, row.archive, row.suite);
  return apt.download(await apt.kernelPackages(row.meta));
}

/** Unpacks packages into a folder and removes them. Nothing is installed: their scripts do not run. Returns what they were. */
export async function unpack(files: readonly string[], into: string): Promise<UsedPackage[]> {
  return Promise.all(
    files.map(async (file) => {
      await run('dpkg', ['-x', file, into]);
      const { stdout } = await run('dpkg-deb', ['--field', file, 'Package', 'Version']);
      const [name = '', version = ''] = stdout
        .trim()
        .split('\n')
        .map((line) => line.replace(/^\w+: /, ''));
      const sha256 = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      await rm(file);
      return { name, version, sha256 };
    }),
  );
}
