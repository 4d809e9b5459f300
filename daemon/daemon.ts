import type { Health } from '../conf/api/types.ts';
import { step } from '../conf/step.ts';
import { type ApiServer, serveApi } from './api/server.ts';
import { CallLog } from './calls.ts';
import { CallServer } from './cni/server.ts';
import { DomainError } from './domain-error.ts';
import { EndpointService } from './endpoint/service.ts';
import { messageOf } from './failure.ts';
import type { Core, Module } from './module.ts';
import { createModules } from './modules.ts';
import { NodeStatus } from './node-status.ts';
import { type Settings, settingsOf } from './settings.ts';
import { createWindow, type DaemonParts, prepare, type Running } from './start.ts';

/** The node's daemon: it answers the API from the first moment, serves endpoints once all of before is restored, and ends without a trace in the traffic. */
export class Daemon implements Core {
  readonly endpoints: EndpointService;
  readonly #parts: DaemonParts;
  readonly #settings: Settings;
  readonly #window: ReturnType<typeof createWindow>;
  readonly #modules: readonly Module[];
  readonly #status: NodeStatus;
  #server: ApiServer | undefined;
  #cni: CallServer | undefined;
  #running: Running | undefined;

  private constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.#settings = settingsOf(parts.config);
    this.#window = createWindow(parts, this.#settings.expedite);
    this.endpoints = new EndpointService(() => this.running.manager, new CallLog(parts.log));
    this.#modules = createModules(this);
    const ownProblems = () => parts.runFolder.problems;
    this.#status = new NodeStatus({ core: this, modules: this.#modules, isServing: () => this.serving, ownProblems });
  }

  /** Starts in the network namespace of the process. Throws StartError and whatever the kernel refuses; what was made stays for the next start. */
  static async start(parts: DaemonParts): Promise<Daemon> {
    const daemon = new Daemon(parts);
    const routes = [daemon.#status, ...daemon.#modules].flatMap((module) => module.routes ?? []);
    const api = { routes, isServing: () => daemon.serving };
    daemon.#server = await step('start.socket', () => serveApi(parts.paths.socket, api, parts.log, parts.passedFd));
    try {
      await daemon.#serve();
      return daemon;
    } catch (error) {
      await daemon.stop();
      throw error;
    }
  }

  /** Ends: answers calls under way, undoes unfinished ADDs, leaves devices, programs, links and records as they are. */
  async stop(): Promise<void> {
    await Promise.all([this.#server?.close(), this.#cni?.close()]);
    this.#window.closeAll();
    if (!this.serving) return;
    for (const module of this.#modules.toReversed()) await module.stop?.();
  }

  /** True from the time when endpoints may be asked for. */
  get serving(): boolean {
    return this.#running !== undefined;
  }

  get running(): Running {
    if (this.#running === undefined) throw new DomainError('starting', 'serve the call: the daemon is starting');
    return this.#running;
  }

  get config() {
    return this.#parts.config;
  }

  get log() {
    return this.#parts.log;
  }

  /** Names of the pools. */
  get pools(): readonly string[] {
    return this.running.addressing.pools;
  }

  health(pool?: string): Health {
    return this.#status.health(pool);
  }

  async #serve(): Promise<void> {
    const running = await prepare(this.#parts, this.#settings, this.#window);
    this.#running = running;
    this.#serveCalls();
    for (const module of this.#modules) await module.start?.();
    this.log.info({ endpoints: running.manager.list().length, durationMs: this.#status.ageMs }, 'serving');
  }

  /** Without it every call is served cold, which is slower and no less right. */
  #serveCalls(): void {
    const { paths, log, statuses } = this.#parts;
    try {
      this.#cni = CallServer.listen(paths.cniSocket, { daemon: this, paths, log, statuses });
    } catch (error) {
      log.warn({ socket: paths.cniSocket, error: messageOf(error) }, 'launchers cannot hand in their calls');
    }
  }
}
