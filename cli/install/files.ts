import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isSea } from 'node:sea';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONFLIST_NAME } from '../../conf/conflist.ts';
import type { Paths } from '../../conf/paths.ts';
import type { ApiClient } from '../lib/client.ts';
import type { Input } from '../lib/context.ts';
import { CliError } from '../lib/errors.ts';

/** The plugin's name: `type` in the network configuration. It is the launcher, and needs the cold executable beside it. */
export const PLUGIN_NAME = 'axoneme-cni';
/** What the launcher becomes when the daemon cannot take a call (plugin/launcher/cold.c). */
export const COLD_NAME = 'axoneme-cni-cold';

/** Pause between two questions to the daemon, in milliseconds. */
const POLL_MS = 200;

/** Where the plugin's two executables and the network configuration go. */
export interface Places {
  readonly plugin: string;
  readonly cold: string;
  readonly conflist: string;
}

/** The places that the options name; the specification's own and `/etc/cni/net.d` otherwise, below the root. */
export function placesOf({ root }: Paths, { options }: Input): Places {
  const binDir = textOption(options['binDir']) ?? join(root, 'opt/cni/bin');
  const confDir = textOption(options['confDir']) ?? join(root, 'etc/cni/net.d');
  return { plugin: join(binDir, PLUGIN_NAME), cold: join(binDir, COLD_NAME), conflist: join(confDir, CONFLIST_NAME) };
}

/** One of the plugin's executables in the folder that `--from` names, else beside this program. Throws CliError when it is not there. */
export function pluginSource(name: string, { options }: Input): string {
  const beside = isSea()
    ? dirname(process.execPath)
    : join(import.meta.dirname, '..', basename(import.meta.dirname) === 'bundle' ? 'bin' : 'dist/bin');
  const source = join(textOption(options['from']) ?? beside, name);
  if (statSync(source, { throwIfNoEntry: false })?.isFile() === true) return source;
  throw new CliError(`install ${name}: there is no ${source}; name its folder with --from`);
}

/** Whole or broken seconds, 0 by default. Throws CliError (usage). */
export function waitOption({ options }: Input): number {
  const seconds = Number(options['wait'] ?? 0);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new CliError(`read --wait ${String(options['wait'])}: not a number of seconds`, 2);
}

/** Resolves when the daemon would serve an ADD. Throws CliError with what it said last when the time (seconds) is over. */
export async function waitUntilReady(api: ApiClient, seconds: number): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const problem = await problemOf(api);
    if (problem === undefined) return;
    if (performance.now() + POLL_MS > deadline) throw new CliError(`wait for the datapath: not ready after ${seconds} s: ${problem}`);
    await sleep(POLL_MS);
  }
}

async function problemOf(api: ApiClient): Promise<string | undefined> {
  try {
    const { state, problems } = await api.get('/v1/healthz');
    return state === 'ok' ? undefined : problems.join('; ');
  } catch (error) {
    if (error instanceof CliError) return error.message;
    throw error;
  }
}

/** Network configurations that a runtime reads before ours: it takes the first one of the folder. */
export function filesBefore(conflist: string): string[] {
  const isConfiguration = (name: string) => /\.(conf|conflist|json)$/.test(name);
  return readdirSync(dirname(conflist))
    .filter((name) => isConfiguration(name) && name < basename(conflist))
    .sort();
}

/** How many endpoints on this node have their DEL before them, whether a daemon runs or not. */
export function countEndpoints({ runDir }: Paths): number {
  const folder = join(runDir, 'endpoints');
  try {
    return readdirSync(folder).filter((name) => /^[0-9]+\.json$/.test(name) && !isDisconnected(join(folder, name))).length;
  } catch {
    return 0;
  }
}

/** Its DEL was answered: only the kernel has yet to be done with it. A record that nobody can read may be a pod's. */
function isDisconnected(path: string): boolean {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { endpoint?: { state?: unknown } }).endpoint?.state === 'disconnected';
  } catch {
    return false;
  }
}

function textOption(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
