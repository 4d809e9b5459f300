import { mkdirSync } from 'node:fs';
import { ConfigError, type LoadedConfig, loadConfig } from '../conf/config/index.ts';
import { type Paths, paths as pathsUnder } from '../conf/paths.ts';
import { version } from '../conf/version.ts';
import { passedSocket } from './activation.ts';
import { writeConflistWhenReady } from './announce.ts';
import { cleanUp } from './cleanup.ts';
import { StatusCache } from './cni/status-cache.ts';
import { Daemon } from './daemon.ts';
import { messageOf, StartError } from './failure.ts';
import { requireKnownFormat } from './format.ts';
import { HeartbeatWriter } from './heartbeat.ts';
import { InstanceLock } from './instance-lock.ts';
import { createLogger, type Logger, type LogLevel } from './log.ts';
import { LogWriter } from './log-writer.ts';
import { keepMemorySmall, tidyMemorySoon } from './memory.ts';
import { RunFolder } from './run-folder.ts';
import { type DaemonParts, expeditePaths } from './start.ts';

/** What the command line says. */
export interface DaemonOptions {
  /** Moves every path; `AXONEME_ROOT` or `/` when absent. */
  readonly root?: string | undefined;
  /** The configuration file, which must exist when given; `AXONEME_CONFIG`, else the one under the root, if there is one. */
  readonly config?: string | undefined;
  /** Remove every trace of axoneme and end. */
  readonly cleanup?: boolean | undefined;
  /** Where to write the network configuration once an ADD would be served; nowhere when absent. */
  readonly conflist?: string | undefined;
  /** `info` when absent; `debug.enabled` of the configuration lowers it. */
  readonly logLevel?: LogLevel | undefined;
}

/**
 * `axoneme daemon`: runs until SIGTERM or SIGINT, or cleans up. Answers with the exit status, 0 or 1; what went wrong is on stderr, as the
 * last line of the log and in plain words.
 */
export async function runDaemon(options: DaemonOptions = {}): Promise<number> {
  keepMemorySmall();
  process.umask(0o077);
  const paths = pathsUnder(options.root);
  const stderr = LogWriter.standardError();
  let log = createLogger(options.logLevel ?? 'info', stderr);
  try {
    if (options.cleanup === true) {
      await cleanUpAlone(paths, log);
      return 0;
    }
    const loaded = await load(paths, options);
    if (options.logLevel === undefined && loaded.config.debug.enabled) log = createLogger('debug', stderr);
    await serve(paths, loaded, log, options.conflist);
    return 0;
  } catch (error) {
    const isExpected = error instanceof StartError || error instanceof ConfigError;
    log.error({ error: messageOf(error), ...(isExpected ? {} : { stack: (error as Error).stack }) }, 'the daemon cannot run');
    stderr.write(`axoneme daemon: ${messageOf(error)}\n`);
    return 1;
  }
}

async function load(paths: Paths, { config }: DaemonOptions): Promise<LoadedConfig> {
  const given = config ?? (process.env['AXONEME_CONFIG'] || undefined);
  return await loadConfig(given ?? paths.config, { required: given !== undefined });
}

async function cleanUpAlone(paths: Paths, log: Logger): Promise<void> {
  const lock = InstanceLock.acquire(paths);
  try {
    await cleanUp(paths, expeditePaths(paths), log);
  } finally {
    lock.release();
  }
}

async function serve(paths: Paths, { config, ignored, source }: LoadedConfig, log: Logger, conflist?: string): Promise<void> {
  requireRoot();
  requireKnownFormat(paths);
  const ended = endSignal();
  const passedFd = passedSocket();
  const lock = InstanceLock.acquire(paths, passedFd !== undefined);
  const statuses = new StatusCache(paths.statusCache);
  const runFolder = new RunFolder(paths);
  const onLost = (file: string) => endUnreachable(file, log);
  const heartbeat = new HeartbeatWriter({ lock, healthPath: paths.health, statuses, runFolder, onLost, log });
  log.info(
    { version, pid: process.pid, config: source, root: paths.root, socket: passedFd === undefined ? 'own' : 'passed' },
    'axoneme daemon starts',
  );
  if (ignored.length > 0) log.info({ keys: ignored }, 'configuration keys without effect here');
  watchCrashes(log);
  const daemon = await start({ paths, config, log, passedFd, statuses, runFolder });
  if (passedFd === undefined) runFolder.remember([paths.cniSocket, paths.socket]);
  else runFolder.remember([paths.cniSocket], paths.socket);
  heartbeat.serve(daemon);
  tidyMemorySoon();
  const ending = new AbortController();
  if (conflist !== undefined) void writeConflistWhenReady(conflist, daemon, log, ending.signal);
  const signal = await ended;
  ending.abort();
  log.info({ signal }, 'ending; pods keep their network');
  heartbeat.end();
  await daemon.stop();
  heartbeat.close();
  lock.release();
}

async function start(parts: DaemonParts): Promise<Daemon> {
  mkdirSync(parts.paths.runDir, { recursive: true, mode: 0o700 });
  return await Daemon.start(parts);
}

/**
 * Nobody can reach or see a daemon whose lock or socket lost its name, and another may have taken the place: it ends as if it was killed, touching
 * nothing, and the service manager starts the next one. Pods keep their network.
 */
function endUnreachable(file: string, log: Logger): never {
  log.error({ file }, 'ending: a file of the daemon was removed or replaced; start it again if no service manager does');
  process.exit(1);
}

function requireRoot(): void {
  if (process.geteuid?.() !== 0) throw new StartError('start the daemon: it needs root, for devices, programs and the bpf file system');
}

/** The first SIGTERM or SIGINT. A second one ends the process at once, as by default. */
function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}

/** Whatever nobody foresaw ends the process: state is on disk, and the next start makes kernel and records agree. */
function watchCrashes(log: Logger): void {
  const crash = (error: unknown) => {
    log.error({ error: messageOf(error), stack: error instanceof Error ? error.stack : undefined }, 'crashed');
    process.exit(1);
  };
  process.once('uncaughtException', crash);
  process.once('unhandledRejection', crash);
}
