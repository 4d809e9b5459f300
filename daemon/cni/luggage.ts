import { readFileSync, writeFileSync } from 'node:fs';
import { CniError } from '../../conf/cni/errors.ts';
import { type Fd, Netns, Rtnetlink, writeFileIn } from '../../native/index.ts';
import { OpenPod } from '../../plugin/open-pod.ts';
import type { CallHeader, Part } from './protocol.ts';

/** The descriptors that came with a call: stdin, and the pod's if its namespace could be entered. Whoever has the luggage closes it. */
export class Luggage implements Disposable {
  readonly stdin: Fd;
  readonly #path: string;
  readonly #pod: ReadonlyMap<Part, Fd>;
  #opened: OpenPod | undefined;

  private constructor(path: string, stdin: Fd, pod: ReadonlyMap<Part, Fd>) {
    this.#path = path;
    this.stdin = stdin;
    this.#pod = pod;
  }

  /** Takes the descriptors over; undefined when they are not those that the header tells of: then they are closed. */
  static of({ env, parts }: CallHeader, fds: readonly Fd[]): Luggage | undefined {
    const [stdin, ...pod] = fds;
    if (stdin !== undefined && pod.length === parts.length) {
      return new Luggage(env['CNI_NETNS'] ?? '', stdin, new Map(parts.map((part, n) => [part, pod[n] as Fd])));
    }
    for (const fd of fds) fd.close();
    return undefined;
  }

  /** Whether the pod's namespace came along, with a socket in it. */
  get hasPod(): boolean {
    return this.#pod.has('netns') && this.#pod.has('route');
  }

  /** The pod, for a DEL, which needs none; undefined when it did not come along, or is none. */
  get door(): OpenPod | undefined {
    try {
      return this.hasPod ? this.openPod() : undefined;
    } catch {
      return undefined;
    }
  }

  /** The pod, by the name that the call has for it; it stays the luggage's. Errors: CniError `invalid-netns` when it did not come along; SyscallError. */
  openPod(): OpenPod {
    if (this.#opened !== undefined) return this.#opened;
    const path = this.#path;
    const [netns, route] = [this.#pod.get('netns'), this.#pod.get('route')];
    if (netns === undefined || route === undefined) throw new CniError('invalid-netns', `use CNI_NETNS ${path}: it cannot be entered`);
    this.#opened = new PassedPod(path, Netns.adopt(netns, path), Rtnetlink.adopt(route), this.#pod.get('sysctl'));
    return this.#opened;
  }

  [Symbol.dispose](): void {
    for (const fd of [this.stdin, ...this.#pod.values()]) fd.close();
  }
}

/** A pod whose namespace this process never enters: it lacks the right, and has no need. */
class PassedPod extends OpenPod {
  readonly #sysctl: Fd | undefined;

  constructor(path: string, netns: Netns, netlink: Rtnetlink, sysctl: Fd | undefined) {
    super(path, netns, netlink);
    this.#sysctl = sysctl;
  }

  /** Through the folder that was opened inside: what is below it is the namespace's, whoever opens it (net/sysctl_net.c). */
  override async setIpv6(which: string, key: string, value: string): Promise<void> {
    if (this.#sysctl === undefined) throw new Error(`set ${key} of ${which} in ${this.path}: the kernel has no IPv6`);
    const path = `/proc/self/fd/${this.#sysctl.use()}/${which}/${key}`;
    if (readFileSync(path, 'utf8').trim() === value) return;
    // To switch IPv6 on or off the kernel waits for its lock on devices (addrconf_disable_ipv6); other settings are a store into memory.
    if (key === 'disable_ipv6') await writeFileIn(undefined, path, value);
    else writeFileSync(path, value);
  }

  /** Several steps of one call may open the pod; the luggage closes it. */
  override [Symbol.dispose](): void {}
}
