import { access, chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setSysctl } from '../../native/index.ts';
import { makeCgroup } from './cgroup.ts';
import type { Place } from './exec.ts';
import { resolveIn } from './files.ts';
import { MachineInit } from './machine-init.ts';
import { hostsFile, resolvFile } from './names.ts';
import { NetworkNamespace } from './namespace.ts';

/** What a machine is for. Routers forward; hosts and nodes do not, unless something running on them turns it on. */
export type Role = 'node' | 'router' | 'host';

export interface MachineOptions {
  /**
   * Lets the machine see and set the kernel's own /sys/kernel/rcu_expedited instead of a scratch file. It is one switch for the real
   * machine and every lab on it: only a test that restores it may ask for this.
   */
  readonly realRcuExpedited?: boolean;
  /** network sysctls set at start, for example `{'net.ipv4.ip_forward': '1'}` */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** addresses that its /etc/resolv.conf names (default none: names are found in /etc/hosts only) */
  readonly nameservers?: readonly string[];
}

/**
 * A machine of a lab: its own network, mount, pid, host name and cgroup namespaces. What it shows of the real machine's files is the
 * real thing read-write, except that /etc, /var, /opt are copy-on-write and /run, /sys, /proc are its own. See `test-harness/init/lab.c`.
 */
export class Machine extends NetworkNamespace implements AsyncDisposable {
  readonly role: Role;
  /** process 1 of the machine, as numbered on the real machine */
  readonly pid: number;
  readonly place: Place;

  protected constructor(name: string, role: Role, place: Place) {
    super(name);
    this.role = role;
    this.place = place;
    this.pid = place.init.pid;
  }

  /** Starts a machine below a lab's cgroup. Use {@link Lab.addNode} and its like, which also take care of its end. */
  static async boot(name: string, role: Role, labCgroup: string, options: MachineOptions = {}): Promise<Machine> {
    return await new Machine(name, role, await bootPlace(name, labCgroup, options)).prepare(options);
  }

  protected async prepare(options: MachineOptions): Promise<this> {
    using netlink = await this.netlink();
    await netlink.links.set((await netlink.links.get('lo')).ifindex, { up: true });
    const forwarding = { 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1', 'net.ipv6.conf.default.forwarding': '1' };
    await this.setSysctls({ ...(this.role === 'router' ? forwarding : {}), ...options.sysctls });
    await this.replaceFile('/etc/hosts', hostsFile(this.name, []));
    await this.replaceFile('/etc/resolv.conf', resolvFile(options.nameservers ?? []));
    return this;
  }

  get netnsFile(): string {
    return `/proc/${this.pid}/ns/net`;
  }

  /** Sets network sysctls, by their dotted names. */
  async setSysctls(values: Readonly<Record<string, string>>): Promise<void> {
    using netns = this.netns();
    for (const [name, value] of Object.entries(values)) await setSysctl(netns, name, value);
  }

  /** Where, on the real machine, a file of this machine is found while the machine runs. */
  path(path: string): Promise<string> {
    return resolveIn(`/proc/${this.pid}/root`, path);
  }

  async readFile(path: string): Promise<string> {
    return readFile(await this.path(path), 'utf8');
  }

  /** Writes a file, making the folders above it. `mode` is that of chmod(2), for example 0o755 for a program. */
  async writeFile(path: string, content: string, mode?: number): Promise<void> {
    const real = await this.path(path);
    await mkdir(dirname(real), { recursive: true });
    await writeFile(real, content).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ETXTBSY') throw error;
      // A process is about to run what is there: it keeps that file, and the new one takes the name.
      await rm(real);
      await writeFile(real, content);
    });
    if (mode !== undefined) await chmod(real, mode);
  }

  /** Writes a file in place of what is there, also of a symbolic link: what it points to stays as it is. */
  async replaceFile(path: string, content: string): Promise<void> {
    await rm(join(await this.path(dirname(path)), basename(path)), { force: true });
    await this.writeFile(path, content);
  }

  /** Names in a folder, sorted; none when there is no such folder. */
  async listFolder(path: string): Promise<string[]> {
    const names = await readdir(await this.path(path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
      throw error;
    });
    return names.sort();
  }

  async exists(path: string): Promise<boolean> {
    const real = await this.path(path);
    return access(real).then(
      () => true,
      () => false,
    );
  }

  /** Removes a file or folder with all that is in it; nothing to remove is fine. */
  async remove(path: string): Promise<void> {
    await rm(await this.path(path), { recursive: true, force: true });
  }

  /** Ends the machine and everything on it. The lab does this too. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.place.init.stop();
  }
}

/** The part of booting that does not depend on the kind of machine. */
export async function bootPlace(name: string, labCgroup: string, options: MachineOptions): Promise<Place> {
  const cgroup = makeCgroup(`${labCgroup}/${name}`);
  const init = await MachineInit.start({ hostname: name, cgroup, realRcuExpedited: options.realRcuExpedited ?? false });
  return { name, cgroup, init, netns: '' };
}
