import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Paths } from '../../conf/paths.ts';
import { Rtnetlink } from '../../native/index.ts';
import type { Agent } from '../../plugin/agent.ts';
import { add } from '../../plugin/commands/add.ts';
import { check } from '../../plugin/commands/check.ts';
import { del } from '../../plugin/commands/del.ts';
import { gc } from '../../plugin/commands/gc.ts';
import { status } from '../../plugin/commands/status.ts';
import { DeleteFolder } from '../../plugin/delete-queue.ts';
import type { Delegates, Handler, Handlers, PluginCall, Tools } from '../../plugin/types.ts';
import type { CallDaemon } from './agent.ts';
import { AttendedHost } from './attended-host.ts';
import type { CallGates } from './call-limits.ts';
import type { Luggage } from './luggage.ts';

/** What a call is served with. */
export interface CallParts {
  readonly paths: Paths;
  readonly daemon: Pick<CallDaemon, 'health'>;
  readonly agent: Agent;
  /** Throws when nobody waits for the call any more: nothing is made then. */
  readonly attend: () => void;
  readonly luggage: Luggage;
  /** Told once, before anything is done; throws when nobody waits any more. */
  readonly take: () => void;
  readonly gates: CallGates;
  /** Told of a STATUS that found nothing wrong, and how to find out whether that still holds. */
  readonly onHealthy: (isHealthy: () => boolean) => void;
}

/** The call is for the cold executable; nothing has been done. */
export class Declined extends Error {
  override readonly name = 'Declined';
}

/**
 * Why a call is not served here, or undefined. Another root means other paths, and perhaps another daemon. An IPAM plugin would be a child of the
 * daemon, below its limits and with its view of the file system, and must rather be one of the runtime. A namespace that the launcher could not
 * enter is known here by a name only, which may mean something else in this view of the file system.
 */
export function obstacle(
  { conf, env, invocation }: PluginCall,
  { paths, luggage }: Pick<CallParts, 'paths' | 'luggage'>,
): string | undefined {
  const root = conf.root ?? (env['AXONEME_ROOT'] || '/');
  if (resolve(root) !== resolve(paths.root)) return `its root is ${root}, and this daemon's ${paths.root}`;
  if (conf.delegate !== undefined) return `its addresses come from the plugin ${conf.delegate}`;
  const needsPod = invocation.command === 'ADD' || invocation.command === 'CHECK';
  if (needsPod && !luggage.hasPod) return `network namespace ${invocation.netns} did not come along`;
  return undefined;
}

/** The verbs as the daemon runs them for a launcher. Each throws Declined for a call that is not for it. */
export function warmHandlers(parts: CallParts): Handlers {
  const { agent } = parts;
  const taking =
    (run: Handler): Handler =>
    async (call) => {
      const reason = obstacle(call, parts);
      if (reason !== undefined) throw new Declined(reason);
      parts.take();
      return await run(call);
    };
  const silently =
    (run: (call: PluginCall, tools: Tools) => Promise<void>): Handler =>
    async (call) => {
      await withTools(parts, (tools) => run(call, tools));
      return undefined;
    };
  return {
    ADD: taking((call) => parts.gates.add(() => withTools(parts, (tools) => add(call, tools)))),
    DEL: taking((call) => parts.gates.del(() => silently(del)(call))),
    CHECK: taking(silently(check)),
    GC: taking(silently(gc)),
    STATUS: taking(async (call) => {
      await status(call, { agent, delegates: noDelegates, devices: () => readdirSync('/sys/class/net') });
      parts.onHealthy(() => parts.daemon.health(call.conf.pool).state === 'ok');
      return undefined;
    }),
  };
}

const noDelegates: Delegates = {
  run: async (type) => {
    throw new Error(`run IPAM plugin ${type}: the daemon runs none`);
  },
};

async function withTools<T>({ paths, agent, attend, luggage }: CallParts, run: (tools: Tools) => Promise<T>): Promise<T> {
  const doors = { openPod: async () => luggage.openPod(), openNode: () => Rtnetlink.open() };
  using host = new AttendedHost(paths, doors, attend);
  return await run({ agent, host, queue: new DeleteFolder(paths.deleteQueue), delegates: noDelegates });
}
