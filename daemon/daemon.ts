import { hostname, release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  AttachmentKey,
  CheckRequest,
  DeviceReport,
  DisconnectRequest,
  Endpoint,
  EndpointRequest,
  Health,
  Status,
} from '../conf/api/types.ts';
import type { DaemonConfig } from '../conf/config/index.ts';
import { step } from '../conf/step.ts';
import { version } from '../conf/version.ts';
import type { Backend } from './api/backend.ts';
import { type ApiServer, serveApi } from './api/server.ts';
import { CallLog } from './calls.ts';
import { CallServer } from './cni/server.ts';
import type { Claim, Visitor } from './endpoint/ports.ts';
import { DomainError, messageOf } from './failure.ts';
import { removeLost } from './restore.ts';
import { type Settings, settingsOf } from './settings.ts';
import { createWindow, type DaemonParts, prepare, type Running } from './start.ts';

/** How long the status waits for a pass over the node, in milliseconds: the kernel may be busy with others. */
const PATIENCE_MS = 500;

/** The node's daemon: it answers the API from the first moment, serves endpoints once all of before is restored, and ends without a trace in the traffic. */
export class Daemon implements Backend {
  readonly #parts: DaemonParts;
  readonly #settings: Settings;
  readonly #calls: CallLog;
  readonly #window: ReturnType<typeof createWindow>;
  readonly #startedAt = new Date();
  #server: ApiServer | undefined;
  #cni: CallServer | undefined;
  #running: Running | undefined;

  private constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.#settings = settingsOf(parts.config);
    this.#calls = new CallLog(parts.log);
    this.#window = createWindow(parts, this.#settings.expedite);
  }

  /** Starts in the network namespace of the process. Throws StartError and whatever the kernel refuses; what was made stays for the next start. */
  static async start(parts: DaemonParts): Promise<Daemon> {
    const daemon = new Daemon(parts);
    daemon.#server = await step('start.socket', () => serveApi(parts.paths.socket, daemon, parts.log, parts.passedFd));
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
    const running = this.#running;
    if (running === undefined) return;
    running.queue.close();
    await running.manager.close();
    running.datapath.close();
  }

  get serving(): boolean {
    return this.#running !== undefined;
  }

  health(pool?: string): Health {
    if (this.#running === undefined) return { state: 'starting', problems: ['the daemon is starting'], version };
    const { datapath, addressing, manager } = this.#running;
    // An ADD waits for addresses that buried endpoints are about to give back.
    const addressProblems = manager.burials.waiting > 0 ? [] : addressing.problems(pool);
    const problems = [...this.#parts.runFolder.problems, ...datapath.problems, ...addressProblems];
    return { state: problems.length === 0 ? 'ok' : 'degraded', problems, addressProblems, warnings: datapath.warnings, version };
  }

  createEndpoint(request: EndpointRequest, claim: Claim) {
    return this.#calls.failing('ADD', nameOf(request), () => this.#now.manager.create(request, claim));
  }

  connectEndpoint(id: number, device: DeviceReport, claim: Claim): Promise<void> {
    return this.#calls.failing('ADD', { id }, () => this.#now.manager.connect(id, device, claim));
  }

  async completeEndpoint(id: number, claim: Claim): Promise<void> {
    this.#calls.added(await this.#calls.failing('ADD', { id }, () => this.#now.manager.complete(id, claim)));
  }

  async disconnectEndpoint(request: DisconnectRequest, visitor?: Visitor): Promise<Endpoint | undefined> {
    const endpoint = await this.#calls.failing('DEL', nameOf(request), () => this.#now.manager.disconnect(request, visitor));
    if (endpoint === undefined) this.#calls.nothingToDelete(request);
    else this.#calls.deleted(endpoint);
    return endpoint;
  }

  async deleteEndpoint(id: number, claim: Claim): Promise<void> {
    const endpoint = await this.#calls.failing('DEL', { id }, () => this.#now.manager.remove(id, claim));
    if (endpoint !== undefined) this.#calls.deleted(endpoint);
  }

  async checkEndpoint(request: CheckRequest) {
    const report = await this.#calls.failing('CHECK', nameOf(request), () => this.#now.manager.check(request));
    this.#calls.checked(request, report?.problems);
    return report;
  }

  listEndpoints(): Endpoint[] {
    return this.#now.manager.list();
  }

  getEndpoint(id: number): Endpoint {
    return this.#now.manager.get(id);
  }

  /** Names of the pools. */
  get pools(): readonly string[] {
    return this.#now.addressing.pools;
  }

  ipam() {
    return this.#now.addressing.status();
  }

  config(): DaemonConfig {
    return this.#parts.config;
  }

  bpfEndpoints() {
    return this.#now.datapath.endpointRows();
  }

  bpfIpcache() {
    return this.#now.datapath.ipcacheRows();
  }

  async status(): Promise<Status> {
    const { datapath, addressing, manager } = this.#now;
    // Whoever asks for the status sees the same as STATUS and CHECK: what the pass that it begins leaves.
    await Promise.race([datapath.inspectNode(), sleep(PATIENCE_MS, undefined, { ref: false })]);
    const endpoints = manager.list();
    const { drops, forwarded } = datapath.readMetrics();
    return {
      health: this.health(),
      node: hostname(),
      ipam: addressing.status(),
      datapath: {
        deviceMode: datapath.device.mode,
        deviceReason: datapath.device.reason,
        attachMode: datapath.attach.mode,
        attachReason: datapath.attach.reason,
        routing: 'Network: Native   Host: BPF',
        devices: [...datapath.devices],
        routers: datapath.routers,
        mtu: datapath.mtu,
        kernel: release(),
      },
      endpoints: countStates(endpoints),
      burials: manager.burials,
      drops,
      forwarded,
      daemon: { pid: process.pid, startedAt: this.#startedAt.toISOString(), residentBytes: residentBytes() },
    };
  }

  get #now(): Running {
    if (this.#running === undefined) throw new DomainError('starting', 'serve the call: the daemon is starting');
    return this.#running;
  }

  async #serve(): Promise<void> {
    const running = await prepare(this.#parts, this.#settings, this.#window);
    this.#running = running;
    this.#openDoor();
    // A plugin that found no daemon just before may have left its record just now.
    await running.queue.replay();
    await removeLost(running.manager, running.datapath, this.#parts.log);
    running.datapath.followPods((id, work) => running.manager.whileReady(id, work));
    const durationMs = Date.now() - this.#startedAt.getTime();
    this.#parts.log.info({ endpoints: running.manager.list().length, durationMs }, 'serving');
  }

  /** Without it every call is served cold, which is slower and no less right. */
  #openDoor(): void {
    const { paths, log, statuses } = this.#parts;
    try {
      this.#cni = CallServer.listen(paths.cniSocket, { backend: this, paths, log, statuses });
    } catch (error) {
      log.warn({ socket: paths.cniSocket, error: messageOf(error) }, 'launchers cannot hand in their calls');
    }
  }
}

/** Resident memory of this process in bytes. */
function residentBytes(): number {
  return process.memoryUsage.rss();
}

function countStates(endpoints: readonly Endpoint[]): Status['endpoints'] {
  const count = (wanted: Endpoint['state']) => endpoints.filter(({ state }) => state === wanted).length;
  const disconnected = count('disconnected');
  return { ready: count('ready'), total: endpoints.length - disconnected, disconnected };
}

function nameOf({ containerId, ifname }: AttachmentKey): AttachmentKey {
  return { containerId, ifname };
}
