import { basename, dirname } from 'node:path';
import { HarnessError } from '../errors.ts';
import type { Node } from '../lab/node.ts';
import { isObject, type Json, type PluginConfig } from '../runtime/network.ts';
import type { PluginRole } from './verdict.ts';

/** What is held against the specification, and how it is called. */
export interface ConformanceOptions {
  /** path of the executable */
  readonly plugin: string;
  /**
   * Its network configuration: a single plugin's object, or a list (`plugins`) in which the plugin is the last of its `type`; those before it run first
   * and give it its `prevResult`. `cniVersion` does not matter: every version that the plugin names in VERSION is spoken.
   */
  readonly config: Json;
  /** CNI_PATH: folders of the other plugins that the configuration names (default: that of the plugin, then /usr/lib/cni and /opt/cni/bin) */
  readonly pluginDirs?: readonly string[];
  /** what `runtimeConfig` shall carry in every request */
  readonly runtimeConfig?: Json;
  /** Called with the node before anything else: starts a daemon, makes an interface that the configuration names. An AsyncDisposable that it returns is disposed at the end. */
  readonly setup?: (node: Node) => Promise<unknown>;
  /** names in a snapshot (of links, paths of files, ...) that come and go by themselves and are no leak */
  readonly ignore?: RegExp;
  /** milliseconds for one execution (default 30 000) */
  readonly timeout?: number;
}

/** The same, worked out. */
export interface Subject {
  readonly plugin: string;
  /** file name of the executable */
  readonly type: string;
  readonly role: PluginRole;
  readonly networkName: string;
  /** the plugin's own configuration, without name and version */
  readonly config: PluginConfig;
  /** the plugins before it */
  readonly before: readonly PluginConfig[];
  readonly pluginDirs: readonly string[];
  readonly runtimeConfig: Json | undefined;
  readonly ignore: RegExp | undefined;
  readonly timeout: number;
}

/** Throws BAD_NETWORK for a configuration in which the plugin has no part. */
export function subjectOf(options: ConformanceOptions): Subject {
  const type = basename(options.plugin);
  const { config, before } = ownConfig(options.config, type);
  const { name = 'conformance' } = options.config;
  if (typeof name !== 'string') throw new HarnessError('BAD_NETWORK', `read the configuration of ${type}: name is not a string`);
  return {
    plugin: options.plugin,
    type,
    role: roleOf(config, before, type),
    networkName: name,
    config,
    before,
    pluginDirs: options.pluginDirs ?? [...new Set([dirname(options.plugin), '/usr/lib/cni', '/opt/cni/bin'])],
    runtimeConfig: options.runtimeConfig,
    ignore: options.ignore,
    timeout: options.timeout ?? 30_000,
  };
}

function ownConfig(config: Json, type: string): { config: PluginConfig; before: readonly PluginConfig[] } {
  const { plugins } = config;
  const list: unknown[] = Array.isArray(plugins) ? plugins : [config];
  const configs = list.map((plugin, i) => pluginConfig(plugin, `plugins[${i}] of the configuration of ${type}`));
  const place = configs.findLastIndex((plugin) => takesPart(plugin, type));
  const own = configs[place];
  if (own === undefined) {
    const types = configs.map((plugin) => plugin.type).join(', ');
    throw new HarnessError('BAD_NETWORK', `find ${type} in its configuration: the plugins there are ${types}`);
  }
  return { config: own, before: configs.slice(0, place) };
}

function pluginConfig(value: unknown, what: string): PluginConfig {
  if (!isObject(value)) throw new HarnessError('BAD_NETWORK', `read ${what}: not an object`);
  const { name: _, cniVersion: _v, cniVersions: _vs, prevResult: _p, ...rest } = value;
  const { type } = rest;
  if (typeof type !== 'string' || type === '') throw new HarnessError('BAD_NETWORK', `read ${what}: no type`);
  return { ...rest, type };
}

function takesPart(config: PluginConfig, type: string): boolean {
  return config.type === type || ipamTypeOf(config) === type;
}

/** The plugin to which this one delegates its addresses; undefined when it does that itself. */
export function ipamTypeOf(config: Json): string | undefined {
  const { ipam } = config;
  return isObject(ipam) && typeof ipam['type'] === 'string' && ipam['type'] !== '' ? ipam['type'] : undefined;
}

/** A plugin that is only the `ipam` of its configuration is called as a delegate is: with the whole configuration of the one that delegates. */
function roleOf(config: PluginConfig, before: readonly PluginConfig[], type: string): PluginRole {
  if (ipamTypeOf(config) === type) return 'ipam';
  return before.length > 0 ? 'chained' : 'interface';
}
