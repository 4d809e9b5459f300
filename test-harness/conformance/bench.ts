import { HarnessError } from '../errors.ts';
import { Lab } from '../lab/lab.ts';
import type { Node } from '../lab/node.ts';
import { isObject } from '../runtime/network.ts';
import { atLeast, KNOWN_VERSIONS } from '../runtime/version.ts';
import type { ConformanceItem } from './item.ts';
import { type ConformanceOptions, ipamTypeOf, type Subject, subjectOf } from './subject.ts';
import { findExecutable, Trial } from './trial.ts';
import { Deviation, NotApplicable, type Outcome } from './verdict.ts';

/**
 * A lab with one node for one plugin, on which items are run one after the other.
 *
 * ```ts
 * await using bench = await ConformanceBench.create({ plugin: '/usr/lib/cni/ptp', config });
 * for (const item of conformanceItems) console.log(titleOf(item), (await bench.run(item)).verdict);
 * ```
 */
export class ConformanceBench implements AsyncDisposable {
  readonly node: Node;
  readonly subject: Subject;
  /** of the specification: known to the plugin, to those that it is tested with and to the harness, oldest first */
  readonly versions: readonly string[];
  readonly #lab: Lab;
  readonly #set: AsyncDisposable | undefined;
  #pods = 0;

  private constructor(lab: Lab, node: Node, subject: Subject, versions: readonly string[], set: AsyncDisposable | undefined) {
    this.#lab = lab;
    this.node = node;
    this.subject = subject;
    this.versions = versions;
    this.#set = set;
  }

  /** Boots the node, runs the set-up hook and asks the plugin for its versions. Throws NO_SUCH_PLUGIN, BAD_NETWORK, and what {@link Lab.create} throws. */
  static async create(options: ConformanceOptions): Promise<ConformanceBench> {
    const subject = subjectOf(options);
    const lab = await Lab.create({ nodes: { node: {} } });
    try {
      const node = lab.node('node');
      const set = await options.setup?.(node);
      await mustBeExecutable(node, subject.plugin);
      return new ConformanceBench(lab, node, subject, await commonVersions(node, subject), isDisposable(set) ? set : undefined);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Holds the plugin against one item. Throws only when the harness itself, the set-up or an earlier plugin of the chain fails. */
  async run(item: ConformanceItem): Promise<Outcome> {
    const reason = this.#whyNot(item);
    if (reason !== undefined) return { verdict: 'not-applicable', reason };
    const trial = new Trial({ node: this.node, subject: this.subject, versions: this.versions, nextName: () => this.#nextName() });
    try {
      await item.run(trial);
      return { verdict: 'pass' };
    } catch (error) {
      if (error instanceof NotApplicable) return { verdict: 'not-applicable', reason: error.message };
      if (error instanceof Deviation) return { verdict: 'fail', reason: error.message, evidence: [...trial.calls] };
      throw error;
    } finally {
      await trial.close();
    }
  }

  #whyNot({ roles, since }: ConformanceItem): string | undefined {
    if (roles !== undefined && !roles.includes(this.subject.role)) return `it is about ${roles.join(' and ')} plugins`;
    const newest = this.versions.at(-1);
    if (newest !== undefined && !atLeast(newest, since)) return `it came with version ${since}, and the plugin speaks ${newest} at most`;
    return undefined;
  }

  #nextName(): string {
    this.#pods += 1;
    return `pod${this.#pods}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#set?.[Symbol.asyncDispose]();
    await this.#lab.close();
  }
}

async function mustBeExecutable(node: Node, plugin: string): Promise<void> {
  const { code } = await node.exec(['test', '-f', plugin, '-a', '-x', plugin]);
  if (code !== 0) throw new HarnessError('NO_SUCH_PLUGIN', `find plugin ${plugin}: no executable file there`);
}

/** A chain can only speak what all of its plugins speak, and `prevResult` came with 0.3.0. */
async function commonVersions(node: Node, subject: Subject): Promise<string[]> {
  const own = await versionsOf(node, subject.plugin);
  const delegate = ipamTypeOf(subject.config);
  const others = [...subject.before.flatMap((plugin) => [plugin.type, ipamTypeOf(plugin)]), delegate].filter((type) => type !== undefined);
  let common = KNOWN_VERSIONS.filter((version) => own.includes(version));
  for (const type of new Set(others)) {
    const theirs = await versionsOf(node, await findExecutable(node, type, subject.pluginDirs));
    common = common.filter((version) => theirs.includes(version));
  }
  return subject.role === 'chained' ? common.filter((version) => atLeast(version, '0.3.0')) : common;
}

/** What a plugin names in VERSION; none when it does not answer as it should, which is an item of its own. */
async function versionsOf(node: Node, plugin: string): Promise<unknown[]> {
  const { stdout } = await node.exec([plugin], { env: { CNI_COMMAND: 'VERSION' }, input: '{"cniVersion":"1.0.0"}' });
  try {
    const answer: unknown = JSON.parse(stdout);
    return isObject(answer) && Array.isArray(answer['supportedVersions']) ? answer['supportedVersions'] : [];
  } catch {
    return [];
  }
}

function isDisposable(value: unknown): value is AsyncDisposable {
  return typeof value === 'object' && value !== null && Symbol.asyncDispose in value;
}
