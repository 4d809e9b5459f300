import type { Endpoint } from '../conf/api/types.ts';
import { hostIfname } from '../conf/names.ts';
import type { EndpointManager } from './endpoint/manager.ts';
import { messageOf } from './failure.ts';
import type { Logger } from './log.ts';

/** What restoring needs of the datapath. */
export interface RestorableDatapath {
  hasDevice(endpoint: Endpoint): Promise<boolean>;
  podDevices(): Promise<string[]>;
  removeDevice(hostIfname: string): Promise<void>;
}

/**
 * Makes records and devices agree. An endpoint that was ready and has its device is kept; one whose ADD or DEL was cut short, or whose
 * device went while the daemon was away, is removed; a pod device of ours that no record names is removed. Gives what was kept.
 */
export async function restoreEndpoints(manager: EndpointManager, datapath: RestorableDatapath, log: Logger): Promise<Endpoint[]> {
  for (const endpoint of manager.list()) {
    const reason = await whyNot(endpoint, datapath);
    if (reason === undefined) continue;
    const { id, containerId, ifname } = endpoint;
    log.warn({ id, containerId, ifname, reason }, 'removing an endpoint that is not whole');
    await manager
      .removeByKey(endpoint)
      .catch((error: unknown) => log.error({ id, error: messageOf(error) }, 'removing an endpoint failed'));
  }
  await removeOrphans(manager.list(), datapath, log);
  return manager.list().filter(({ state }) => state === 'ready');
}

async function whyNot(endpoint: Endpoint, datapath: RestorableDatapath): Promise<string | undefined> {
  if (endpoint.state === 'creating') return 'its ADD was cut short';
  if (endpoint.state === 'disconnecting') return 'its DEL was cut short';
  return (await datapath.hasDevice(endpoint)) ? undefined : `its device ${endpoint.hostIfname} is gone`;
}

async function removeOrphans(endpoints: readonly Endpoint[], datapath: RestorableDatapath, log: Logger): Promise<void> {
  const owned = new Set(endpoints.map(hostIfname));
  for (const name of await datapath.podDevices()) {
    if (owned.has(name)) continue;
    log.warn({ device: name }, 'removing a pod device that no endpoint owns');
    await datapath
      .removeDevice(name)
      .catch((error: unknown) => log.error({ device: name, error: messageOf(error) }, 'removing a device failed'));
  }
}
