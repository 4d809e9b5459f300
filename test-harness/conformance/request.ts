import type { Json, PluginConfig } from '../runtime/network.ts';
import type { Subject } from './subject.ts';

/** What an item changes in an otherwise ordinary request. */
export interface RequestOptions {
  /** CNI_IFNAME (default eth0) */
  readonly ifname?: string;
  /** version spoken (default: the newest that the plugin knows) */
  readonly version?: string;
  /** sent as `prevResult`; null for none, also where the chain would give one */
  readonly prevResult?: Json | null;
  /** CNI_* variables to set; undefined takes one out */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** keys to set in the configuration; undefined takes one out */
  readonly config?: Json;
  /** goes to stdin instead of the configuration */
  readonly stdin?: string;
}

/** Where an attachment is: what the environment of a request says. */
export interface Place {
  readonly containerId: string;
  readonly netns: string;
}

/** The configuration that a runtime would send (specification 1.1.0, section 3, "Deriving request configuration from plugin configuration"). */
export function requestConfig(
  subject: Subject,
  plugin: PluginConfig,
  version: string,
  prevResult: Json | null | undefined,
  more: Json = {},
): Json {
  const config: Json = {
    ...plugin,
    name: subject.networkName,
    cniVersion: version,
    ...(prevResult ? { prevResult } : {}),
    ...(subject.runtimeConfig === undefined ? {} : { runtimeConfig: subject.runtimeConfig }),
    ...more,
  };
  return withoutUndefined(config);
}

/** The variables of section 2, "Parameters". */
export function requestEnv(subject: Subject, command: string, at: Place, options: RequestOptions): Record<string, string> {
  return withoutUndefined<string>({
    CNI_COMMAND: command,
    CNI_CONTAINERID: at.containerId,
    CNI_NETNS: at.netns,
    CNI_IFNAME: options.ifname ?? 'eth0',
    CNI_ARGS: '',
    CNI_PATH: subject.pluginDirs.join(':'),
    ...options.env,
  });
}

function withoutUndefined<T>(values: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, T] => entry[1] !== undefined));
}
