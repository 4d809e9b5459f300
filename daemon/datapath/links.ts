import type { AttachKind } from '../../conf/api/types.ts';
import { step } from '../../conf/step.ts';
import { programInfo, type Rtnetlink } from '../../native/index.ts';
import {
  type AttachTarget,
  attachMethods,
  detachPrograms,
  findAttached,
  type Hook,
  type NamedProgram,
  type Outcome,
} from '../../plugin/attach/index.ts';

/** A program that should be at a hook of a device. */
export interface AttachSpec {
  readonly target: AttachTarget;
  readonly hook: Hook;
  readonly kind: AttachKind;
  readonly program: NamedProgram;
}

/** A hook of a device with its name in sentences. */
export type NamedHook = readonly [name: string, spec: AttachSpec];

/** The programs at the hooks of the node's devices. */
export class Attachments {
  readonly #netlink: Rtnetlink;
  /** Devices that had clsact when the daemon started: only there can filters of an earlier life be. */
  readonly #legacy: ReadonlySet<number>;

  private constructor(netlink: Rtnetlink, legacy: ReadonlySet<number>) {
    this.#netlink = netlink;
    this.#legacy = legacy;
  }

  static async open(netlink: Rtnetlink): Promise<Attachments> {
    const qdiscs = await netlink.trafficControl.qdiscs();
    return new Attachments(netlink, new Set(qdiscs.filter(({ kind }) => kind === 'clsact').map(({ ifindex }) => ifindex)));
  }

  /** Makes the hook run the program; see `AttachMethod.ensure`. */
  ensure({ kind, target, hook, program }: AttachSpec): Promise<Outcome> {
    return attachMethods[kind].ensure(this.#netlink, target, hook, program);
  }

  /** The same for all hooks of a device. `missing`: those that had no program of this kind; `isMoved`: the device had one of another kind. */
  async ensureAll(hooks: readonly NamedHook[]): Promise<{ missing: readonly string[]; isMoved: boolean }> {
    const missing: string[] = [];
    for (const [name, spec] of hooks) if ((await this.ensure(spec)) === 'created') missing.push(name);
    return { missing, isMoved: await this.removeOthers(hooks) };
  }

  /**
   * Takes off a device what another kind holds there; true when there was such. Done when all of its hooks have their programs, so that no packet
   * meets it without one. While both kinds are there the tcx program judges first, and only what it leaves to others is judged twice: a
   * chained pod's packets, which none of our programs changes.
   */
  async removeOthers([first]: readonly NamedHook[]): Promise<boolean> {
    if (first === undefined) return false;
    const [, { kind, target }] = first;
    if (kind !== 'clsact' && !this.#legacy.has(target.ifindex)) return false;
    const other = attachMethods[kind === 'clsact' ? 'tcx' : 'clsact'];
    return await step('start.others', () => other.remove(this.#netlink, target.folder));
  }

  /** What is wrong with a program's attachment, or undefined. Any kind will do: which one it should be is a matter of the next start. */
  async problem({ kind, target, hook, program }: AttachSpec, name: string): Promise<string | undefined> {
    const found = await findAttached(this.#netlink, target, hook);
    if (found === undefined) return missing(kind, hook, name);
    const what = `${found.kind === 'clsact' ? 'filter' : 'link'} ${name}`;
    if (found.ifindex === 0) return `${what} is detached`;
    if (found.ifindex !== target.ifindex) return `${what} is on device ${found.ifindex}, not ${target.ifindex}`;
    const { id } = programInfo(program.fd);
    return found.programId === undefined || found.programId === id ? undefined : `${what} runs program ${found.programId}, not ${id}`;
  }

  /** What is wrong with these, one sentence each. */
  async problems(hooks: readonly NamedHook[]): Promise<string[]> {
    const problems = await Promise.all(hooks.map(([name, spec]) => this.problem(spec, name)));
    return problems.filter((problem) => problem !== undefined);
  }

  /** Removes what a device's folder names; see `detachPrograms`. */
  remove(folder: string): Promise<void> {
    return detachPrograms(async () => this.#netlink, folder);
  }
}

function missing(kind: AttachKind, hook: Hook, name: string): string {
  if (kind === 'clsact') return `filter ${name} is gone`;
  if (kind === 'netkit' && hook === 'egress')
    return `${name}: the netkit's default policies are not forward into the pod and blackhole out of it`;
  return `link ${name} is not pinned`;
}
