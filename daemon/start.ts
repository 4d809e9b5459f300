import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DaemonConfig } from '../conf/config/index.ts';
import type { Paths } from '../conf/paths.ts';
import { step } from '../conf/step.ts';
import { version } from '../conf/version.ts';
import { NodeIpam } from '../ipam/index.ts';
import { embeddedFile } from '../native/embedded.ts';
import { bootTime, Rtnetlink } from '../native/index.ts';
import type { StatusCache } from './cni/status-cache.ts';
import { Datapath } from './datapath/datapath.ts';
import { closedWindow, ExpediteWindow, expediteObstacle, type GraceWindow } from './datapath/expedite.ts';
import { restoreNames } from './datapath/graves.ts';
import { routersOnDevice } from './datapath/host-device.ts';
import { findSurvivors } from './datapath/survivors.ts';
import { DeleteQueue } from './delete-queue.ts';
import { adoptRecords } from './endpoint/adopt.ts';
import { EndpointManager } from './endpoint/manager.ts';
import { type EndpointRecord, RecordStore } from './endpoint/record.ts';
import { adoptSurvivors, type SalvageParts } from './endpoint/salvage.ts';
import { stampFormat } from './format.ts';
import { NodeAddressing } from './ipam/addressing.ts';
import { IpamFile } from './ipam/store.ts';
import type { Logger } from './log.ts';
import { restoreEndpoints } from './restore.ts';
import type { RunFolder } from './run-folder.ts';
import type { Settings } from './settings.ts';

/* How a daemon starts: what it finds of the one before, and what it makes of that. */

export interface DaemonParts {
  readonly paths: Paths;
  readonly config: DaemonConfig;
  readonly log: Logger;
  /** A listening socket from the service manager; see `passedSocket`. */
  readonly passedFd?: number | undefined;
  readonly statuses: StatusCache;
  readonly runFolder: Pick<RunFolder, 'problems'>;
}

/** What stands once the start is through. */
export interface Running {
  readonly addressing: NodeAddressing;
  readonly datapath: Datapath;
  readonly manager: EndpointManager;
  readonly queue: DeleteQueue;
}

/** Records first, kernel second: what has an owner is known before anything is made or removed. Throws StartError and whatever the kernel refuses. */
export async function prepare(parts: DaemonParts, settings: Settings, window: GraceWindow): Promise<Running> {
  const { paths, log } = parts;
  const { ipam: config, families } = settings;
  const store = new RecordStore(join(paths.runDir, 'endpoints'), log);
  const file = new IpamFile(join(paths.runDir, 'ipam.json'), log);
  const addressing = new NodeAddressing({ config, families, file, log, createIpam: (state) => new NodeIpam(config, state?.ipam) });
  const before = step('start.records', () => adoptRecords(store, addressing, log));
  before.push(...(await step('start.survivors', () => reviveLost(paths, before, { store, addressing, log }))));
  const routers = await currentRouters();
  step('start.routers', () => addressing.reserveRouters(routers));
  const datapath = await openDatapath(parts, settings, addressing);
  step('start.stamp', () => stampFormat(paths));
  const manager = new EndpointManager({ store, datapath, addressing, window, log, now: () => new Date(), bootTime }, before);
  await datapath.activate(await step('start.restore', () => restoreEndpoints(manager, datapath, log)));
  const queue = new DeleteQueue(paths.deleteQueue, manager, log);
  await step('start.replay', () => queue.replay());
  step('start.queue', () => queue.watch());
  return { addressing, datapath, manager, queue };
}

async function openDatapath({ paths, log }: DaemonParts, settings: Settings, addressing: NodeAddressing): Promise<Datapath> {
  return await Datapath.open({
    paths,
    log,
    version,
    settings,
    routers: addressing.routers,
    blocks: () => addressing.blocks,
    objectPath: (name) => embeddedFile(`${name}.o`),
  });
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
export function createWindow({ paths, log }: DaemonParts, wanted: boolean): ExpediteWindow | typeof closedWindow {
  const window = new ExpediteWindow({ ...expeditePaths(paths), log });
  const obstacle = wanted ? expediteObstacle(paths.root, readFileSync('/proc/cmdline', 'utf8')) : 'switched off by bpf.expediteAttach';
  if (obstacle === undefined) return window;
  log.info({ reason: obstacle }, 'grace periods are not expedited: each attach waits for one');
  return closedWindow;
}
