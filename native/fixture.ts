import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arch } from 'node:process';
import { mount } from './files.ts';
import { createNetns } from './netns.ts';

/** Waits until its input ends, which it does however the test's process dies; then removes the mounts and folders. */
const JANITOR = `
while read -r folder; do folders="$folder $folders"; done
grep -F " $1/" /proc/self/mounts | cut -d' ' -f2 | sort -r | while read -r point; do umount -l "$point"; done
rm -rf --one-file-system "$1"
for folder in $folders; do rmdir "$folder"; done`;

/** A folder for the tests of this part of the house, with namespaces, a bpffs and cgroups that go when it is disposed or the process ends. */
export class Scratch {
  readonly directory: string;
  readonly #janitor: ChildProcess;
  readonly #triplet = arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'axo-native-'));
    this.#janitor = spawn('sh', ['-c', JANITOR, 'janitor', this.directory], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  }

  /** Mounts a bpffs; answers with its mount point. */
  async bpffs(): Promise<string> {
    const path = join(this.directory, 'bpf');
    mkdirSync(path);
    await mount('bpffs', path, 'bpf');
    return path;
  }

  /** Makes a network namespace; answers with its path. */
  async netns(name: string): Promise<string> {
    const path = join(this.directory, name);
    await createNetns(path);
    return path;
  }

  /** Makes a child of the cgroup2 hierarchy's root. */
  cgroup(name: string): string {
    const mounts = execFileSync('findmnt', ['-n', '-t', 'cgroup2', '-o', 'TARGET'], { encoding: 'utf8' });
    const path = join(mounts.split('\n')[0] ?? '', `${name}-${process.pid}`);
    mkdirSync(path);
    this.#janitor.stdin?.write(`${path}\n`);
    return path;
  }

  /** Runs `ip -n NAMESPACE ...`, an independent witness and maker of devices. */
  ip(netns: string, ...args: string[]): string {
    return execFileSync('nsenter', [`--net=${netns}`, 'ip', ...args], { encoding: 'utf8' });
  }

  /** Compiles native/bpf/testdata/NAME.bpf.c; answers with the object's path. */
  compile(name: string): string {
    const object = join(this.directory, `${name}.o`);
    const source = join(import.meta.dirname, 'bpf', 'testdata', `${name}.bpf.c`);
    const flags = ['-O2', '-g', '-Wall', '-Werror', '-target', 'bpf', '-mcpu=v3', `-I/usr/include/${this.#triplet}`];
    execFileSync('clang', [...flags, '-c', source, '-o', object]);
    return object;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#janitor, 'exit');
    this.#janitor.stdin?.end();
    await gone;
  }
}
