import { HarnessError } from '../errors.ts';
import type { ExecOptions, ExecResult } from '../lab/exec.ts';
import { type Attachment, DEFAULT_IFNAME } from './attachment.ts';
import { cniErrorOf } from './cni-error.ts';
import type { Files } from './discovery.ts';
import { isObject, type Json, type Network, type PluginConfig } from './network.ts';
import { badResult, type Result } from './result.ts';
import { decodeResult } from './result-types.ts';

/** Where plugins run; a {@link Node} is one. */
export interface PluginHost extends Files {
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
}

export type Command = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';

/** One execution of one plugin, for those who want to look at it. */
export interface Invocation {
  readonly plugin: string;
  readonly command: Command;
  /** what it was given on stdin */
  readonly config: Json;
  readonly result: ExecResult;
}

/** A plugin call, everything decided. */
export interface Call {
  readonly command: Command;
  readonly plugin: string;
  readonly pluginDirs: readonly string[];
  readonly config: Json;
  readonly attachment?: Attachment | undefined;
  /** the runtime's own environment, which plugins inherit */
  readonly env: Readonly<Record<string, string>>;
  /** milliseconds */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs one plugin as the specification's section 2 demands: parameters in the environment, configuration on stdin, the executable being the first
 * of that name in the plugin folders. Throws NO_SUCH_PLUGIN.
 */
export async function invoke(host: PluginHost, call: Call): Promise<Invocation> {
  const path = await findPlugin(host, call.plugin, call.pluginDirs);
  const env = { ...call.env, ...cniEnv(call) };
  const options = { env, input: JSON.stringify(call.config), timeout: call.timeout };
  const result = await host.exec([path], call.signal === undefined ? options : { ...options, signal: call.signal });
  return { plugin: call.plugin, command: call.command, config: call.config, result };
}

const NOTHING = { CNI_CONTAINERID: '', CNI_NETNS: 'dummy', CNI_IFNAME: 'dummy', CNI_ARGS: '', CNI_PATH: 'dummy' };

/**
 * The variables of section 2. Verbs without an attachment get empty strings, and VERSION a word in place of what it does not need, as libcni
 * sends them.
 */
export function cniEnv(call: Pick<Call, 'command' | 'attachment' | 'pluginDirs'>): Record<string, string> {
  const { attachment } = call;
  if (call.command === 'VERSION' && attachment === undefined) return { ...NOTHING, CNI_COMMAND: 'VERSION' };
  return {
    CNI_COMMAND: call.command,
    CNI_CONTAINERID: attachment?.containerId ?? '',
    CNI_NETNS: attachment?.netns ?? '',
    CNI_IFNAME: attachment === undefined ? '' : (attachment.ifname ?? DEFAULT_IFNAME),
    CNI_ARGS: Object.entries(attachment?.args ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(';'),
    CNI_PATH: call.pluginDirs.join(':'),
  };
}

/** What a runtime sends to one plugin of a chain: its own entry, with the network's name and version, the previous result and what it asked for. */
export function requestConfig(
  network: Network,
  plugin: PluginConfig,
  extra: { prevResult?: Result | undefined; attachment?: Attachment | undefined; more?: Json },
): Json {
  const runtimeConfig = runtimeConfigOf(plugin, extra.attachment);
  return sorted({
    ...plugin,
    name: network.name,
    cniVersion: network.cniVersion,
    ...(extra.prevResult === undefined ? {} : { prevResult: extra.prevResult }),
    ...(runtimeConfig === undefined ? {} : { runtimeConfig }),
    ...extra.more,
  });
}

/** Keys in order, on every level but in the previous result, as Go writes a map: a plugin that searches the text finds the same text here. */
function sorted(config: Json): Json {
  const keys = Object.keys(config).sort();
  return Object.fromEntries(keys.map((key) => [key, key === 'prevResult' ? config[key] : sortedValue(config[key])]));
}

function sortedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedValue);
  return isObject(value) ? sorted(value) : value;
}

/** Only what the plugin's `capabilities` name with true, and only when there is any (conventions, "dynamic plugin specific fields"). */
function runtimeConfigOf(plugin: PluginConfig, attachment: Attachment | undefined): Json | undefined {
  const capabilities = Object.entries((plugin['capabilities'] ?? {}) as Json);
  const wanted = capabilities.filter(([name, on]) => on === true && attachment?.capabilityArgs?.[name] !== undefined);
  if (wanted.length === 0) return undefined;
  return Object.fromEntries(wanted.map(([name]) => [name, attachment?.capabilityArgs?.[name]]));
}

/** The result of ADD through the types of its version. Throws CniError, and BAD_RESULT for what libcni could not read. */
export function addResult(invocation: Invocation, network: Network): Result {
  const { stdout } = succeed(invocation);
  try {
    return decodeResult(JSON.parse(stdout), network.cniVersion);
  } catch (cause) {
    const why = (cause as Error).message.replace('read result: ', '');
    throw badResult(`ADD by ${invocation.plugin}: ${why}: ${stdout.trim()}`, { cause });
  }
}

/** Throws CniError unless the plugin exited with success; its output is of no interest to the other verbs. */
export function succeed(invocation: Invocation): ExecResult {
  const { plugin, command, result } = invocation;
  if (result.code === 0) return result;
  throw cniErrorOf({ plugin, command, stdout: result.stdout, stderr: result.stderr, timedOut: result.killed });
}

async function findPlugin(host: PluginHost, plugin: string, folders: readonly string[]): Promise<string> {
  if (plugin === '' || plugin.includes('/'))
    throw new HarnessError('NO_SUCH_PLUGIN', `find plugin ${plugin}: a name without slashes is needed`);
  for (const folder of folders) if (await host.exists(`${folder}/${plugin}`)) return `${folder}/${plugin}`;
  throw new HarnessError('NO_SUCH_PLUGIN', `find plugin ${plugin}: not in ${folders.join(', ')}`);
}
