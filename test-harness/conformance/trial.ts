import { HarnessError } from '../errors.ts';
import type { Node } from '../lab/node.ts';
import type { Pod } from '../lab/pod.ts';
import type { Json, PluginConfig } from '../runtime/network.ts';
import { isObject } from '../runtime/network.ts';
import type { Result } from '../runtime/result.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { mustSucceed, outcomeOf, parseOutput } from './call.ts';
import { type RequestOptions, requestConfig, requestEnv } from './request.ts';
import { lookAt, settle } from './snapshots.ts';
import type { Subject } from './subject.ts';
import { type Call, Deviation, NotApplicable } from './verdict.ts';

/** A successful ADD, and what is needed to repeat or end it. */
export interface Attached {
  readonly pod: Pod;
  readonly ifname: string;
  readonly version: string;
  readonly result: Result;
  readonly call: Call;
}

/** What the trials of one plugin have in common. */
export interface TrialGround {
  readonly node: Node;
  readonly subject: Subject;
  /** known to the plugin, to those that it is tested with and to the harness, oldest first */
  readonly versions: readonly string[];
  /** a word for a pod that no trial has used */
  readonly nextName: () => string;
}

/**
 * One item's experiment on a plugin: it makes pods, executes the plugin and looks at what happened. Everything is taken back at its end, and every
 * execution is kept as evidence.
 */
export class Trial {
  readonly node: Node;
  readonly subject: Subject;
  readonly versions: readonly string[];
  /** in order of their end */
  readonly calls: Call[] = [];
  readonly #ground: TrialGround;
  readonly #pods: Pod[] = [];
  readonly #attached = new Set<Attached>();
  /** what the plugins before the subject made of a pod's interface, by pod, interface and version */
  readonly #prepared = new Map<string, { pod: Pod; ifname: string; version: string; result: Json }>();

  constructor(ground: TrialGround) {
    this.#ground = ground;
    this.node = ground.node;
    this.subject = ground.subject;
    this.versions = ground.versions;
  }

  /** The newest version that the plugin speaks. Not applicable without any. */
  get version(): string {
    const newest = this.versions.at(-1);
    if (newest === undefined) throw new NotApplicable('the plugin names no version that can be spoken here');
    return newest;
  }

  /** A new container: its namespace with nothing but loopback in it. */
  async pod(): Promise<Pod> {
    const pod = await this.node.addPod(this.#ground.nextName());
    this.#pods.push(pod);
    return pod;
  }

  /** Takes the container's namespace away, as a runtime may do before DEL. */
  async removePod(pod: Pod): Promise<void> {
    await this.node.removePod(pod);
    this.#pods.splice(this.#pods.indexOf(pod), 1);
  }

  /** Executes the plugin with exactly this environment and input. */
  async execute(env: Readonly<Record<string, string>>, stdin: string): Promise<Call> {
    const call = await this.#execute(this.subject.plugin, env, stdin);
    this.calls.push(call);
    return call;
  }

  /** Executes the plugin for a container as a runtime would, apart from what the options change. The plugins before it in the chain have run. */
  async call(command: string, pod: Pod, options: RequestOptions = {}): Promise<Call> {
    const version = options.version ?? this.version;
    const ifname = options.ifname ?? 'eth0';
    const prevResult = options.prevResult !== undefined ? options.prevResult : await this.#before(command, pod, ifname, version);
    const config = requestConfig(this.subject, this.subject.config, version, prevResult, options.config);
    return this.execute(requestEnv(this.subject, command, pod2place(pod), options), options.stdin ?? JSON.stringify(config));
  }

  /** GC, STATUS, VERSION: no container, and empty strings where its variables would be, as the reference library sends them. */
  async ask(command: string, options: RequestOptions = {}): Promise<Call> {
    const config = requestConfig(this.subject, this.subject.config, options.version ?? this.version, options.prevResult, options.config);
    const env = requestEnv(this.subject, command, { containerId: '', netns: '' }, { ifname: '', ...options });
    return this.execute(env, options.stdin ?? JSON.stringify(config));
  }

  /** ADD that must succeed and print a JSON object; to a new container unless one is given. */
  async attach(options: RequestOptions & { pod?: Pod } = {}): Promise<Attached> {
    const pod = options.pod ?? (await this.pod());
    const call = mustSucceed(await this.call('ADD', pod, options));
    const result = parseOutput(call);
    if (!isObject(result)) throw new Deviation(`ADD printed something else than a JSON object: ${outcomeOf(call)}`);
    const attached = { pod, ifname: options.ifname ?? 'eth0', version: options.version ?? this.version, result: result as Result, call };
    this.#attached.add(attached);
    return attached;
  }

  /** Another verb for an attachment, with the result of its ADD. */
  again(command: string, attached: Attached, options: RequestOptions = {}): Promise<Call> {
    const { pod, ifname, version, result } = attached;
    return this.call(command, pod, { ifname, version, prevResult: result, ...options });
  }

  /** DEL that must succeed. */
  async detach(attached: Attached, options: RequestOptions = {}): Promise<Call> {
    const call = mustSucceed(await this.again('DEL', attached, options));
    this.#attached.delete(attached);
    await this.#endBefore(attached.pod);
    return call;
  }

  /** After the plugin's DEL: the plugins before it have theirs, and the container goes. */
  async endOfContainer(attached: Attached): Promise<void> {
    this.#attached.delete(attached);
    await this.#endBefore(attached.pod);
    if (this.#pods.includes(attached.pod)) await this.removePod(attached.pod);
  }

  /** Not applicable unless the plugin speaks a version of at least that one. */
  needs(version: string): string {
    if (!this.versions.includes(version)) throw new NotApplicable(`the plugin does not speak ${version}`);
    return version;
  }

  /** The node, as far as a plugin may change it. */
  look(): Promise<Snapshot> {
    return lookAt(this.node, this.subject.ignore);
  }

  /** Brings about what a plugin makes once for all containers (a bridge, a chain, a lock file), so that it does not count as left behind. */
  async warmUp(): Promise<void> {
    const before = await this.look();
    const attached = await this.attach();
    await this.detach(attached);
    await this.removePod(attached.pod);
    await settle(before, () => this.look());
  }

  /** DELs what is still attached and removes the pods. What fails here has failed as an item of its own. */
  async close(): Promise<void> {
    for (const attached of [...this.#attached].reverse()) {
      const { pod, ifname, version, result } = attached;
      const config = requestConfig(this.subject, this.subject.config, version, result);
      await this.#execute(this.subject.plugin, requestEnv(this.subject, 'DEL', pod2place(pod), { ifname }), JSON.stringify(config));
    }
    for (const pod of [...this.#pods]) {
      await this.#endBefore(pod);
      await this.removePod(pod);
    }
    this.#attached.clear();
  }

  async #execute(plugin: string, env: Readonly<Record<string, string>>, stdin: string): Promise<Call> {
    const result = await this.node.exec([plugin], { env, input: stdin, timeout: this.subject.timeout });
    return { plugin, env, stdin, result };
  }

  /** The previous result for a verb: that of the plugins before the subject, which make the interface at the first need. */
  async #before(command: string, pod: Pod, ifname: string, version: string): Promise<Json | undefined> {
    if (this.subject.before.length === 0 || command !== 'ADD') return undefined;
    const key = `${pod.name} ${ifname}`;
    const known = this.#prepared.get(key);
    if (known !== undefined) return known.result;
    let result: Json | undefined;
    for (const plugin of this.subject.before) result = await this.#runBefore('ADD', plugin, { pod, ifname, version, result });
    this.#prepared.set(key, { pod, ifname, version, result: result ?? {} });
    return result;
  }

  async #endBefore(pod: Pod): Promise<void> {
    for (const [key, one] of this.#prepared) {
      if (one.pod !== pod) continue;
      this.#prepared.delete(key);
      for (const plugin of this.subject.before.toReversed()) await this.#runBefore('DEL', plugin, one);
    }
  }

  async #runBefore(
    command: 'ADD' | 'DEL',
    plugin: PluginConfig,
    { pod, ifname, version, result }: { pod: Pod; ifname: string; version: string; result: Json | undefined },
  ): Promise<Json> {
    const path = await findExecutable(this.node, plugin.type, this.subject.pluginDirs);
    const config = requestConfig(this.subject, plugin, version, result);
    const call = await this.#execute(path, requestEnv(this.subject, command, pod2place(pod), { ifname }), JSON.stringify(config));
    const answer = parseOutput(call);
    if (call.result.code === 0 && (command === 'DEL' || isObject(answer))) return isObject(answer) ? answer : {};
    throw new HarnessError('COMMAND_FAILED', `${command} by ${plugin.type}, which comes before ${this.subject.type}: ${outcomeOf(call)}`);
  }
}

/** The first executable of that name in the folders. Throws NO_SUCH_PLUGIN. */
export async function findExecutable(node: Node, type: string, folders: readonly string[]): Promise<string> {
  for (const folder of folders) if (await node.exists(`${folder}/${type}`)) return `${folder}/${type}`;
  throw new HarnessError('NO_SUCH_PLUGIN', `find plugin ${type}: not in ${folders.join(', ')}`);
}

function pod2place(pod: Pod): { containerId: string; netns: string } {
  return { containerId: pod.containerId, netns: pod.netnsPath };
}
