import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** The repository. */
export const repository = join(import.meta.dirname, '..', '..');

/** What `npm pack --json` says about a packed file. */
export interface Packed {
  readonly filename: string;
  /** bytes of the tarball */
  readonly size: number;
  /** bytes of all files together */
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number; readonly mode: number }[];
}

const run = promisify(execFile);

/** The environment of somebody who has Node and npm, and nothing of this repository. */
const env = {
  PATH: `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  HOME: process.env['HOME'] ?? '/root',
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(npm_config_|NODE_EXTRA_CA_CERTS$|https?_proxy$)/i.test(name))),
};

/** Packs what the last build made, as `npm pack` does after its own build. */
export async function pack(into: string, dryRun = false): Promise<Packed> {
  const options = ['--json', '--ignore-scripts', `--dry-run=${dryRun}`, '--pack-destination', into];
  const { stdout } = await run('npm', ['pack', ...options], { cwd: repository, env });
  const [packed] = Object.values(JSON.parse(stdout) as Packed[]);
  if (packed === undefined) throw new Error(`pack ${repository}: npm says nothing`);
  return packed;
}

/** An empty project outside the repository, as its author's first command made it. */
export class EmptyProject implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<EmptyProject> {
    const project = new EmptyProject(await mkdtemp(join(tmpdir(), 'axoneme-user-')));
    await project.write('package.json', '{ "name": "my-plugin", "private": true, "type": "module" }\n');
    return project;
  }

  write(path: string, content: string): Promise<void> {
    return writeFile(join(this.folder, path), content);
  }

  read(path: string): Promise<string> {
    return readFile(join(this.folder, path), 'utf8');
  }

  /** Runs a command line as in a shell there and returns what it printed; rejects with that when it ends with another status. */
  async sh(command: string, more: Readonly<Record<string, string>> = {}, exit = 0): Promise<string> {
    const options = { cwd: this.folder, env: { ...env, ...more }, maxBuffer: 1 << 24 };
    const ended = await run('sh', ['-ec', command], options).catch((error: { code?: number; stdout?: string; stderr?: string }) => error);
    const { code = 0, stdout = '', stderr = '' } = { code: 0, ...ended };
    if (code !== exit) throw new Error(`run ${command}: exit status ${code}: ${stdout}${stderr}`);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
