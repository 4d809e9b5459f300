import { readFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import { join } from 'node:path';
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
import type { Paths } from '../conf/paths.ts';
import { step } from '../conf/step.ts';
import { version } from '../conf/version.ts';
import { NodeIpam } from '../ipam/index.ts';
import { embeddedFile } from '../native/embedded.ts';
import { bootTime, Rtnetlink } from '../native/index.ts';
import type { Backend } from './api/backend.ts';
import { type ApiServer, serveApi } from './api/server.ts';
import { CallLog } from './calls.ts';
import { CallServer } from './cni/server.ts';
import type { StatusCache } from './cni/status-cache.ts';
import { Datapath } from './datapath/datapath.ts';
import { closedWindow, ExpediteWindow, expediteObstacle } from './datapath/expedite.ts';
import { restoreNames } from './datapath/graves.ts';
import { routersOnDevice } from './datapath/host-device.ts';
import { findSurvivors } from './datapath/survivors.ts';
import { DeleteQueue } from './delete-queue.ts';
import { adoptRecords } from './endpoint/adopt.ts';
import { EndpointManager } from './endpoint/manager.ts';
import type { Claim, Visitor } from './endpoint/ports.ts';
import { type EndpointRecord, RecordStore } from './endpoint/record.ts';
import { adoptSurvivors, type SalvageParts } from './endpoint/salvage.ts';
import { DomainError, messageOf } from './failure.ts';
import { stampFormat } from './format.ts';
import { NodeAddressing } from './ipam/addressing.ts';
import { IpamFile } from './ipam/store.ts';
import type { Logger } from './log.ts';
import { removeLost, restoreEndpoints } from './restore.ts';
import { type Settings, settingsOf } from './settings.ts';

/** How long the status waits for a pass over the node, in milliseconds: the kernel may be busy with others. */
const PATIENCE_MS = 500;

export interface DaemonParts {
  readonly paths: Paths;
  readonly config: DaemonConfig;
  readonly log: Logger;
  /** A listening socket from the service manager; see `passedSocket`. */
  readonly passedFd?: number | undefined;
  readonly statuses: StatusCache;
}

/** What stands once the start is through. */
interface Running {
  readonly addressing: NodeAddressing;
  readonly datapath: Datapath;
  readonly manager: EndpointManager;
  readonly queue: DeleteQueue;
}

/** The node's daemon: it answers the API from the first moment, serves endpoints once all of before is restored, and ends without a trace in the traffic. */
export class Daemon implements Backend {
  readonly #parts: DaemonParts;
  readonly #settings: Settings;
  readonly #calls: CallLog;
  readonly #window: ExpediteWindow | typeof closedWindow;
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
    const problems = [...datapath.problems, ...addressProblems];
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
    const running = await this.#prepare();
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

  /** Records first, kernel second: what has an owner is known before anything is made or removed. */
  async #prepare(): Promise<Running> {
    const { paths, log } = this.#parts;
    const { ipam: config, families } = this.#settings;
    const store = new RecordStore(join(paths.runDir, 'endpoints'), log);
    const file = new IpamFile(join(paths.runDir, 'ipam.json'), log);
    const addressing = new NodeAddressing({ config, families, file, log, createIpam: (state) => new NodeIpam(config, state?.ipam) });
    const before = step('start.records', () => adoptRecords(store, addressing, log));
    before.push(...(await step('start.survivors', () => reviveLost(paths, before, { store, addressing, log }))));
    const routers = await currentRouters();
    step('start.routers', () => addressing.reserveRouters(routers));
    const datapath = await this.#openDatapath(addressing);
    step('start.stamp', () => stampFormat(paths));
    const manager = new EndpointManager(
      { store, datapath, addressing, window: this.#window, log, now: () => new Date(), bootTime },
      before,
    );
    await datapath.activate(await step('start.restore', () => restoreEndpoints(manager, datapath, log)));
    const queue = new DeleteQueue(paths.deleteQueue, manager, log);
    await step('start.replay', () => queue.replay());
    step('start.queue', () => queue.watch());
    return { addressing, datapath, manager, queue };
  }

  async #openDatapath(addressing: NodeAddressing): Promise<Datapath> {
    const { paths, log } = this.#parts;
    return await Datapath.open({
      paths,
      log,
      version,
      settings: this.#settings,
      routers: addressing.routers,
      blocks: () => addressing.blocks,
      objectPath: (name) => embeddedFile(`${name}.o`),
    });
  }
}

/** Records for the pods that only the kernel still knows. */
async function reviveLost(paths: Paths, records: readonly EndpointRecord[], parts: SalvageParts): Promise<EndpointRecord[]> {
  using rtnl = await Rtnetlink.open();
  await restoreNames(rtnl, parts.log);
  const owned = new Set(records.map(({ endpoint }) => endpoint.hostIfname));
  return adoptSurvivors(await findSurvivors(rtnl, paths, owned), records, parts);
}

async function currentRouters() {
  using rtnl = await Rtnetlink.open();
  return await routersOnDevice(rtnl);
}

/** Where the kernel's knob is and where its value of before is kept. */
export function expeditePaths(paths: Paths): { knob: string; saved: string } {
  return { knob: join(paths.root, 'sys/kernel/rcu_expedited'), saved: join(paths.runDir, 'rcu-expedited') };
}

/** Also where no window may open, what a killed daemon left open is closed. */
function createWindow({ paths, log }: DaemonParts, wanted: boolean): ExpediteWindow | typeof closedWindow {
  const window = new ExpediteWindow({ ...expeditePaths(paths), log });
  const obstacle = wanted ? expediteObstacle(paths.root, readFileSync('/proc/cmdline', 'utf8')) : 'switched off by bpf.expediteAttach';
  if (obstacle === undefined) return window;
  log.info({ reason: obstacle }, 'grace periods are not expedited: each attach waits for one');
  return closedWindow;
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
