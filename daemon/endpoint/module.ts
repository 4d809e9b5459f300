import type { Endpoint, Status } from '../../conf/api/types.ts';
import type { Core, Module } from '../module.ts';
import { removeLost } from '../restore.ts';
import { endpointRoutes } from './routes.ts';

/** The pods' attachments, and the DELs that were left for the daemon. */
export function endpointModule(core: Core): Module {
  return {
    name: 'endpoint',
    routes: endpointRoutes(core.endpoints),
    async start() {
      const { queue, manager, datapath } = core.running;
      // A plugin that found no daemon just before may have left its record just now.
      await queue.replay();
      await removeLost(manager, datapath, core.log);
      datapath.followPods((id, work) => manager.whileReady(id, work));
    },
    async stop() {
      core.running.queue.close();
      await core.running.manager.close();
    },
    status: () => ({ endpoints: countStates(core.running.manager.list()), burials: core.running.manager.burials }),
  };
}

function countStates(endpoints: readonly Endpoint[]): Status['endpoints'] {
  const count = (wanted: Endpoint['state']) => endpoints.filter(({ state }) => state === wanted).length;
  const disconnected = count('disconnected');
  return { ready: count('ready'), total: endpoints.length - disconnected, disconnected };
}
