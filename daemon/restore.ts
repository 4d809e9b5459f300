import type { Endpoint } from '../conf/api/types.ts';
import { hostIfname } from '../conf/names.ts';
import type { EndpointManager } from './endpoint/manager.ts';
import { messageOf } from './failure.ts';
import type { Logger } from './log.ts';

/** What restoring needs of the datapath. */
export interface RestorableDatapath {
  hasDevice(endpoint: Endpoint): boolean;
  readonly graves: {
    /** Names of pods' devices, buried ones too, and of their link folders. */
    names(): Promise<string[]>;
    /** Deletes them, in one go. */
    remove(names: readonly string[]): Promise<void>;
  };
}

/**
 * Makes records and devices agree. An endpoint that was ready and has its device is kept; one whose ADD or DEL was cut short, or whose
 * device went while the daemon was away, is removed, and so are those whose DEL was answered and a pod device of ours that no record names: all
 * in one batch. Gives what was kept.
 */
export async function restoreEndpoints(manager: EndpointManager, datapath: RestorableDatapath, log: Logger): Promise<Endpoint[]> {
  for (const endpoint of manager.list()) {
    const reason = whyNot(endpoint, datapath);
    if (reason === undefined) continue;
    const { id, containerId, ifname } = endpoint;
    log.warn({ id, containerId, ifname, reason }, 'removing an endpoint that is not whole');
    await manager
      .removeByKey(endpoint)
      .catch((error: unknown) => log.error({ id, error: messageOf(error) }, 'removing an endpoint failed'));
  }
  await manager.reap();
  await removeOrphans(manager.list(), datapath, log);
  return manager.list().filter(({ state }) => state === 'ready');
}

/**
 * Once calls are served, whoever takes an ADD back that its daemon did not survive can say so. Until then the device may have gone unsaid after
 * `restoreEndpoints` had seen it.
 */
export async function removeLost(manager: EndpointManager, datapath: Pick<RestorableDatapath, 'hasDevice'>, log: Logger): Promise<void> {
  for (const endpoint of manager.list().filter(({ state }) => state === 'ready')) {
    if (datapath.hasDevice(endpoint)) continue;
    const { id, containerId, ifname } = endpoint;
    log.warn({ id, containerId, ifname }, 'removing an endpoint whose device went while the daemon started');
    await manager.remove(id).catch((error: unknown) => log.warn({ id, error: messageOf(error) }, 'removing an endpoint failed'));
  }
}

function whyNot(endpoint: Endpoint, datapath: RestorableDatapath): string | undefined {
  if (endpoint.state === 'disconnected') return undefined;
  if (endpoint.state === 'creating') return 'its ADD was cut short';
  if (endpoint.state === 'disconnecting') return 'its DEL was cut short';
  return datapath.hasDevice(endpoint) ? undefined : `its device ${endpoint.hostIfname} is gone`;
}

/** What could not be buried or deleted keeps its record, and its device by that: the reaper, or the next DEL, tries again. */
async function removeOrphans(endpoints: readonly Endpoint[], { graves }: RestorableDatapath, log: Logger): Promise<void> {
  const owned = new Set(endpoints.map((endpoint) => (endpoint.state === 'disconnected' ? endpoint.hostIfname : hostIfname(endpoint))));
  const orphans = (await graves.names()).filter((name) => !owned.has(name));
  if (orphans.length === 0) return;
  for (const name of orphans) log.warn({ device: name }, 'removing a pod device that no endpoint owns');
  await graves.remove(orphans).catch((error: unknown) => log.error({ error: messageOf(error) }, 'removing a device failed'));
}
