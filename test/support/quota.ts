import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Node } from '../../test-harness/index.ts';
import { exec, type Place } from '../../test-harness/lab/exec.ts';
import type { PluginHost } from '../../test-harness/runtime/invoke.ts';

/** Microseconds after which a quota begins anew (cpu.cfs_period_us, sched-bwc.rst). */
const PERIOD_US = 100_000;
/** Milliseconds until processes that have ended are out of their cgroup. */
const PATIENCE_MS = 10_000;

let quotas = 0;

/** A share of one processor that everything put into it has together: a cgroup of the controller `cpu`, of version 1 or 2. Disposing it removes it. */
export class Quota implements AsyncDisposable {
  readonly #folder: string;
  readonly #isFirst: boolean;

  private constructor(folder: string, isFirst: boolean) {
    this.#folder = folder;
    this.#isFirst = isFirst;
  }

  /** `processors`: 0.5 is half of one. Throws where the machine has no cgroup controller for processors. */
  static make(processors: number): Quota {
    quotas += 1;
    const isFirst = existsSync('/sys/fs/cgroup/cpu/cpu.cfs_quota_us');
    const folder = join(isFirst ? '/sys/fs/cgroup/cpu' : '/sys/fs/cgroup', `axoneme-quota-${process.pid}-${quotas}`);
    mkdirSync(folder);
    const us = Math.round(processors * PERIOD_US);
    if (isFirst) writeFileSync(join(folder, 'cpu.cfs_quota_us'), `${us}`);
    else writeFileSync(join(folder, 'cpu.max'), `${us} ${PERIOD_US}`);
    return new Quota(folder, isFirst);
  }

  /** Puts a process and what it starts from now on under the quota. */
  hold(pid: number): void {
    writeFileSync(join(this.#folder, 'cgroup.procs'), `${pid}`);
  }

  /** A node whose commands all run under the quota, wrappers of the harness included. */
  hostOf(node: Node): PluginHost {
    // A process is born in a cgroup of version 2 only (clone3(2)); one of version 1 it enters itself.
    const place: Place = this.#isFirst ? node.place : { ...node.place, cgroup: this.#folder };
    const entering = this.#isFirst ? ['sh', '-c', 'echo 0 >"$0/cgroup.procs" && exec "$@"', this.#folder] : [];
    return {
      exec: (argv, options) => exec(place, [...entering, ...argv], options),
      exists: (path) => node.exists(path),
      listFolder: (path) => node.listFolder(path),
      readFile: (path) => node.readFile(path),
      remove: (path) => node.remove(path),
      writeFile: (path, content, mode) => node.writeFile(path, content, mode),
    };
  }

  /** Waits for what is in it to end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (readFileSync(join(this.#folder, 'cgroup.procs'), 'utf8') !== '' && performance.now() < deadline) await sleep(20);
    rmdirSync(this.#folder);
  }
}
