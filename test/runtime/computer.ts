import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab, type Node } from '../../test-harness/index.ts';

/** What a node keeps over a reboot. Everything else of it, /run above all, goes with its power. */
const DISK = [
  '/etc/axoneme',
  '/etc/cni',
  '/etc/containerd',
  '/etc/containers',
  '/opt/cni',
  '/var/lib/cni',
  '/var/lib/containerd',
  '/var/lib/containers',
];

/** A node that can be switched off as a real one: its processes, namespaces and memory go, its disk stays. */
export class Computer implements AsyncDisposable {
  /** a folder of the real machine, for the disk and for what a test makes; goes with the computer */
  readonly folder = mkdtempSync(join(tmpdir(), 'axoneme-runtime-'));
  #lab: Lab | undefined;

  /** Switches it on. Nothing runs on it yet. */
  async powerOn(): Promise<Node> {
    this.#lab = await Lab.create({ nodes: { node1: {} } });
    const node = this.#lab.node('node1');
    for (const path of DISK) {
      const source = join(this.folder, 'disk', path);
      mkdirSync(source, { recursive: true });
      await node.run(['sh', '-ec', 'mkdir -p "$2"; mount --bind "$1" "$2"', 'sh', source, path]);
    }
    return node;
  }

  /**
   * Where a runtime may put cgroups, as a path in every hierarchy that the node sees. Those of cgroup v1 are the real machine's: they
   * have no namespace of their own to go with.
   */
  get cgroup(): string {
    return `/${this.#lab?.name ?? 'off'}-pods`;
  }

  /** Takes its power away: nothing on it gets a chance to say goodbye. */
  async powerOff(): Promise<void> {
    const { cgroup } = this;
    await this.#lab?.close();
    this.#lab = undefined;
    for (const hierarchy of hierarchies()) await removeTree(join(hierarchy, cgroup));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerOff();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Mount points of the cgroup v1 hierarchies (proc_pid_mountinfo(5): field 5, and the type behind the separator). */
function hierarchies(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.filter((line) => line.includes(' - cgroup ')).map((line) => line.split(' ')[4] ?? '');
}

/** Removes a cgroup and those below it. A killed process leaves its cgroup a little later, so it tries for 2 s. */
async function removeTree(cgroup: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      const below = await readdir(cgroup, { withFileTypes: true });
      for (const entry of below) if (entry.isDirectory()) await removeTree(join(cgroup, entry.name));
      return await rmdir(cgroup);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || tries === 100) throw error;
      await sleep(20);
    }
  }
}
