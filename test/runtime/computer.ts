import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/**
 * A laboratory's node is one cgroup2 of the real machine. The hierarchies of cgroup v1 are the real machine's even here, and what a runtime makes in
 * them would stay, so that the node shows cgroup2 only. Controllers are not delegated to it: containers have cgroups without limits.
 */
const CGROUPS =
  'if [ $(stat -fc %T /sys/fs/cgroup) != cgroup2fs ]; then umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; fi';

/** A node that can be switched off as a real one: its processes, namespaces and memory go, its disk stays. */
export class Computer implements AsyncDisposable {
  /** a folder of the real machine, for the disk and for what a test makes; goes with the computer */
  readonly folder = mkdtempSync(join(tmpdir(), 'axoneme-runtime-'));
  #lab: Lab | undefined;

  /** Switches it on. Nothing runs on it yet. */
  async powerOn(): Promise<Node> {
    this.#lab = await Lab.create({ nodes: { node1: {} } });
    const node = this.#lab.node('node1');
    await node.run(['sh', '-ec', CGROUPS]);
    for (const path of DISK) {
      const source = join(this.folder, 'disk', path);
      mkdirSync(source, { recursive: true });
      await node.run(['sh', '-ec', 'mkdir -p "$2"; mount --bind "$1" "$2"', 'sh', source, path]);
    }
    return node;
  }

  /** Takes its power away: nothing on it gets a chance to say goodbye. */
  async powerOff(): Promise<void> {
    await this.#lab?.close();
    this.#lab = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerOff();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
