import { HarnessError } from '../errors.ts';
import { isVersion, negotiate } from './version.ts';

/** Any JSON object. */
export type Json = { readonly [key: string]: unknown };

/** One plugin's entry in a network's chain, as written in the file. */
export interface PluginConfig extends Json {
  readonly type: string;
}

/** A network configuration list (CNI specification 1.1.0, section 1), decoded. */
export interface Network {
  readonly name: string;
  /** version spoken with the plugins, after negotiation */
  readonly cniVersion: string;
  readonly plugins: readonly PluginConfig[];
  /** CHECK is answered with success without asking anyone */
  readonly disableCheck: boolean;
  readonly disableGC: boolean;
  /** only the plugins of the file itself, none of the folder `<conf dir>/<network name>/` */
  readonly loadOnlyInlinedPlugins: boolean;
  /** the file's text, kept for the cache */
  readonly source: string;
}

/** Decodes a conflist. Throws BAD_NETWORK, naming `where`. */
export function parseNetwork(text: string, where = 'network'): Network {
  const list = parseObject(text, where);
  const network = {
    ...common(list, where),
    disableCheck: flag(list, 'disableCheck', where),
    disableGC: flag(list, 'disableGC', where),
    loadOnlyInlinedPlugins: flag(list, 'loadOnlyInlinedPlugins', where),
    source: text,
  };
  return { ...network, plugins: inlined(list, network.loadOnlyInlinedPlugins, where) };
}

/** The plugins of the list itself. There may be none where others come from the network's folder; an empty list is refused all the same. */
function inlined(list: Json, only: boolean, where: string): PluginConfig[] {
  const { plugins } = list;
  if (plugins === undefined && only) throw bad(where, 'loadOnlyInlinedPlugins is set, and there are no plugins');
  if (plugins === undefined) return [];
  if (!Array.isArray(plugins)) throw bad(where, 'plugins is not a list');
  if (plugins.length === 0) throw bad(where, 'plugins is empty');
  return plugins.map((plugin: unknown, i: number) => pluginOf(plugin, `${where}: plugins[${i}]`));
}

/**
 * Decodes a single plugin's configuration (.conf, .json) as a list of that one plugin, which is also what the cache keeps. Only `name` (none is '') and
 * `cniVersion` become the list's own, as in libcni: `cniVersions` and flags do not count here. Throws BAD_NETWORK.
 */
export function parseSingle(text: string, where = 'network'): Network {
  const plugin = pluginOf(parseObject(text, where), where);
  return parseNetwork(JSON.stringify({ name: plugin['name'] ?? '', cniVersion: plugin['cniVersion'] ?? '', plugins: [plugin] }), where);
}

/** The same network with the plugins of `<conf dir>/<network name>/` behind its own (specification 1.1.0 after the tag). */
export function withPlugins(network: Network, texts: ReadonlyMap<string, string>): Network {
  const more = [...texts].map(([where, text]) => pluginOf(parseObject(text, where), where));
  return { ...network, plugins: [...network.plugins, ...more] };
}

function common(list: Json, where: string): Pick<Network, 'name' | 'cniVersion'> {
  const { name, cniVersion, cniVersions } = list;
  if (typeof name !== 'string') throw bad(where, 'no name');
  if (cniVersion !== undefined && typeof cniVersion !== 'string') throw bad(where, 'cniVersion is not a string');
  if (cniVersions !== undefined && !isStrings(cniVersions)) throw bad(where, 'cniVersions is not a list of strings');
  const unreadable = [...(cniVersions ?? []), ...(cniVersions && cniVersion ? [cniVersion] : [])].find((version) => !isVersion(version));
  if (unreadable !== undefined) throw bad(where, `${unreadable} is not a version`);
  return { name, cniVersion: negotiate(cniVersion, cniVersions) };
}

function pluginOf(value: unknown, where: string): PluginConfig {
  if (!isObject(value)) throw bad(where, 'not an object');
  const { type } = value;
  if (typeof type !== 'string' || type === '') throw bad(where, 'no type');
  const capabilities = value['capabilities'] ?? {};
  const readable = isObject(capabilities) && Object.values(capabilities).every((on) => typeof on === 'boolean');
  if (!readable) throw bad(where, 'capabilities are not all true or false');
  return { ...value, type };
}

/** libcni takes true and "true" alike, and "True" as well. */
function flag(list: Json, key: string, where: string): boolean {
  const written = list[key];
  const value = typeof written === 'string' ? written.toLowerCase() : written;
  if (value === undefined || value === false || value === 'false') return false;
  if (value === true || value === 'true') return true;
  throw bad(where, `${key} is neither true nor false`);
}

function parseObject(text: string, where: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HarnessError('BAD_NETWORK', `load ${where}: ${(cause as Error).message}`, { cause });
  }
  if (!isObject(value)) throw bad(where, 'not an object');
  return value;
}

function bad(where: string, what: string): HarnessError {
  return new HarnessError('BAD_NETWORK', `load ${where}: ${what}`);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
