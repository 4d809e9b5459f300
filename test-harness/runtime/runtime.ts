import { HarnessError } from '../errors.ts';
import type { Attachment, AttachmentKey } from './attachment.ts';
import { attachmentOfEntry, ResultCache } from './cache.ts';
import { defaultNetwork, discover, findNetwork } from './discovery.ts';
import { addResult, type Command, type Invocation, invoke, type PluginHost, requestConfig, succeed } from './invoke.ts';
import type { Json, Network, PluginConfig } from './network.ts';
import type { Result } from './result.ts';
import { validateAdd } from './validate.ts';
import { atLeast } from './version.ts';
import { type VersionInfo, versionInfo } from './version-info.ts';

export interface RuntimeOptions {
  /** folders searched for plugins, in order (CNI_PATH; default `/opt/cni/bin`, then `/usr/lib/cni`) */
  readonly pluginDirs?: readonly string[];
  /** default /etc/cni/net.d */
  readonly confDir?: string;
  /** whether {@link Runtime.network} without a name passes over bad files, as CRI-O does; containerd calls itself not ready (default false) */
  readonly skipBadFiles?: boolean;
  /** default /var/lib/cni */
  readonly cacheDir?: string;
  /** the runtime's own environment, which plugins inherit */
  readonly env?: Readonly<Record<string, string>>;
  /** milliseconds for one plugin; then SIGKILL to it, not to its children (default 30 000) */
  readonly timeout?: number;
  /** told of every plugin execution when it has ended */
  readonly onInvocation?: (invocation: Invocation) => void;
}

/** Options of one call. */
export interface CallOptions {
  /** kills the running plugin and fails the call */
  readonly signal?: AbortSignal;
}

/**
 * A container runtime's CNI half, after libcni: chains, previous results, result cache, capabilities. It calls plugins on one machine and
 * serialises nothing: like libcni it leaves locking per container to its user, which lets a test do what the specification forbids.
 */
export class Runtime {
  readonly cache: ResultCache;
  readonly #host: PluginHost;
  readonly #pluginDirs: readonly string[];
  readonly #confDir: string;
  readonly #options: RuntimeOptions;

  constructor(host: PluginHost, options: RuntimeOptions = {}) {
    this.#host = host;
    this.#pluginDirs = options.pluginDirs ?? ['/opt/cni/bin', '/usr/lib/cni'];
    this.#confDir = options.confDir ?? '/etc/cni/net.d';
    this.#options = options;
    this.cache = new ResultCache(host, options.cacheDir ?? '/var/lib/cni');
  }

  /** The machine on which plugins run, as it was given. */
  get host(): PluginHost {
    return this.#host;
  }

  /** All networks of the configuration folder in order of preference. Throws BAD_NETWORK when one file is bad. */
  networks(): Promise<Network[]> {
    return discover(this.#host, this.#confDir);
  }

  /** The network of that name; without one, that of the first file, which is what containerd gives to pods. Throws NO_SUCH_NETWORK, BAD_NETWORK. */
  network(name?: string): Promise<Network> {
    const { skipBadFiles = false } = this.#options;
    return name === undefined ? defaultNetwork(this.#host, this.#confDir, skipBadFiles) : findNetwork(this.#host, this.#confDir, name);
  }

  /** ADD by every plugin in order, each seeing its predecessor's result; the last result is cached. Stops at the first failure. Throws CniError. */
  async add(network: Network, attachment: Attachment, options: CallOptions = {}): Promise<Result> {
    validateAdd(network, attachment);
    let result: Result | undefined;
    for (const plugin of network.plugins) {
      const config = requestConfig(network, plugin, { prevResult: result, attachment });
      result = addResult(await this.#call('ADD', plugin, config, attachment, options), network);
    }
    await this.cache.put(network, attachment, result ?? {});
    return result ?? {};
  }

  /**
   * DEL by every plugin in reverse order with the cached result (from version 0.4.0 on). Stops at the first failure and then keeps
   * the cached result. Succeeds for an attachment that is not cached. Throws CniError.
   */
  async del(network: Network, attachment: Attachment, options: CallOptions = {}): Promise<void> {
    const prevResult = atLeast(network.cniVersion, '0.4.0') ? await this.cache.result(network, attachment) : undefined;
    for (const plugin of network.plugins.toReversed()) {
      const config = requestConfig(network, plugin, { prevResult, attachment });
      succeed(await this.#call('DEL', plugin, config, attachment, options));
    }
    await this.cache.remove(network.name, attachment);
  }

  /** CHECK by every plugin in order with the cached result. Does nothing when the network says `disableCheck`. Throws CniError. */
  async check(network: Network, attachment: Attachment, options: CallOptions = {}): Promise<void> {
    this.#atLeast(network, '0.4.0', 'CHECK');
    if (network.disableCheck) return;
    const prevResult = await this.cache.result(network, attachment);
    for (const plugin of network.plugins) {
      const config = requestConfig(network, plugin, { prevResult, attachment });
      succeed(await this.#call('CHECK', plugin, config, attachment, options));
    }
  }

  /**
   * DEL of every cached attachment that is not in `valid`, then GC by every plugin. Goes on after failures and throws them together as an
   * AggregateError. Does nothing when the network says `disableGC`; no GC verb below version 1.1.0. Plugins get the list as it is: null is what a Go
   * runtime without containers may send, and undefined, no list at all, is what cnitool sends; both delete all that is cached.
   */
  async gc(network: Network, valid: readonly AttachmentKey[] | null | undefined, options: CallOptions = {}): Promise<void> {
    if (network.disableGC) return;
    const errors: unknown[] = [];
    for (const entry of await this.cache.list(network.name)) {
      if (valid?.some((key) => key.containerID === entry.containerId && key.ifname === entry.ifName)) continue;
      await this.del(network, attachmentOfEntry(entry), options).catch((error: unknown) => errors.push(error));
    }
    if (atLeast(network.cniVersion, '1.1.0')) errors.push(...(await this.#gcVerb(network, valid, options)));
    if (errors.length > 0)
      throw new AggregateError(errors, `GC of ${network.name}: ${errors.length} failed: ${errors.map(String).join('; ')}`);
  }

  async #gcVerb(network: Network, valid: readonly AttachmentKey[] | null | undefined, options: CallOptions): Promise<unknown[]> {
    const errors: unknown[] = [];
    // libcni sends the list under the key of the specification and under an older one
    const more = valid === undefined ? {} : { 'cni.dev/valid-attachments': valid, 'cni.dev/attachments': valid };
    for (const plugin of network.plugins) {
      const config = requestConfig(network, plugin, { more });
      await this.#call('GC', plugin, config, undefined, options)
        .then(succeed)
        .catch((error: unknown) => errors.push(error));
    }
    return errors;
  }

  /** STATUS by every plugin in order; stops at the first that is not ready. Does nothing below version 1.1.0. Throws CniError. */
  async status(network: Network, options: CallOptions = {}): Promise<void> {
    if (!atLeast(network.cniVersion, '1.1.0')) return;
    for (const plugin of network.plugins)
      succeed(await this.#call('STATUS', plugin, requestConfig(network, plugin, {}), undefined, options));
  }

  /** VERSION of one plugin, whose refusal of the verb means 0.1.0. Throws CniError, and BAD_RESULT for an answer that libcni could not read. */
  async version(plugin: string, cniVersion = '1.1.0', options: CallOptions = {}): Promise<VersionInfo> {
    return versionInfo(await this.#call('VERSION', { type: plugin }, { cniVersion }, undefined, options));
  }

  /**
   * Whether all plugins of a network are there and speak its version, as CRI-O and podman ask when they load it. Returns the capabilities that
   * they want. Throws NO_SUCH_PLUGIN, CniError, BAD_NETWORK, or an AggregateError when several plugins fail.
   */
  async validate(network: Network, options: CallOptions = {}): Promise<string[]> {
    const errors: unknown[] = [];
    for (const { type } of network.plugins) await this.#mustSpeak(type, network, options).catch((error: unknown) => errors.push(error));
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('; '));
    const asked = network.plugins.flatMap(({ capabilities }) => Object.entries((capabilities ?? {}) as Json));
    return [...new Set(asked.flatMap(([name, on]) => (on === true ? [name] : [])))];
  }

  async #mustSpeak(plugin: string, { name, cniVersion }: Network, options: CallOptions): Promise<void> {
    const wanted = cniVersion === '' ? '0.1.0' : cniVersion;
    const { supportedVersions } = await this.version(plugin, '1.1.0', options);
    if (supportedVersions.includes(wanted)) return;
    throw new HarnessError('BAD_NETWORK', `validate ${name}: ${plugin} speaks ${supportedVersions.join(', ')}, not ${wanted}`);
  }

  /** One plugin with one verb and any configuration: for tests of single plugins and of bad input. A failure is in the result, not thrown. */
  invoke(command: Command, plugin: string, config: Json, attachment?: Attachment, options: CallOptions = {}): Promise<Invocation> {
    return this.#call(command, { type: plugin }, config, attachment, options);
  }

  async #call(
    command: Command,
    plugin: PluginConfig,
    config: Json,
    attachment: Attachment | undefined,
    options: CallOptions,
  ): Promise<Invocation> {
    const { env = {}, timeout = 30_000 } = this.#options;
    const call = { command, plugin: plugin.type, pluginDirs: this.#pluginDirs, config, attachment, env, timeout, signal: options.signal };
    const invocation = await invoke(this.#host, call);
    this.#options.onInvocation?.(invocation);
    return invocation;
  }

  #atLeast(network: Network, minimum: string, verb: Command): void {
    if (atLeast(network.cniVersion, minimum)) return;
    throw new HarnessError(
      'UNSUPPORTED_VERB',
      `${verb} of ${network.name}: version ${network.cniVersion} has no ${verb}, it came with ${minimum}`,
    );
  }
}
