import type { Health } from '../../conf/api/types.ts';
import { CniError, type CniErrorName, toCniError } from '../../conf/cni/errors.ts';
import type { NetConf } from '../../conf/cni/netconf.ts';
import { HOST_IFNAME, POD_IFNAME_PREFIX } from '../../conf/names.ts';
import type { Agent } from '../agent.ts';
import type { Delegates, PluginCall } from '../types.ts';

/** What STATUS looks at. */
export interface StatusTools {
  readonly agent: Pick<Agent, 'health'>;
  readonly delegates: Delegates;
  /** Names of the node's network devices; asked for only when something is wrong. */
  readonly devices: () => readonly string[];
}

/**
 * STATUS: would an ADD be served now? Errors: CniError `not-available` (50), or `limited-connectivity` (51) when running pods are cut off as
 * well. The daemon's absence alone does not cut them off: programs and maps stay in the kernel. The loss of the node's own leg does.
 */
export async function status(call: PluginCall, { agent, delegates, devices }: StatusTools): Promise<void> {
  const { delegate } = call.conf;
  const trouble = await findTrouble(agent, call.conf);
  if (!trouble) {
    if (delegate !== undefined) await delegates.run(delegate, 'STATUS', call);
    return;
  }
  const { message, ...options } = trouble;
  throw new CniError(severity(devices()), `serve ADD: ${message}`, options);
}

interface Trouble {
  readonly message: string;
  readonly details?: string;
  readonly cause?: unknown;
}

async function findTrouble(agent: Pick<Agent, 'health'>, { delegate, pool }: NetConf): Promise<Trouble | undefined> {
  try {
    return troubleOf(await agent.health(pool), delegate !== undefined);
  } catch (cause) {
    const { message, details } = toCniError(cause);
    return { message, cause, ...(details !== undefined && { details }) };
  }
}

/** Full pools are no trouble where an IPAM plugin gives the addresses. */
function troubleOf({ state, problems: all, addressProblems = [] }: Health, delegated: boolean): Trouble | undefined {
  if (state === 'ok') return undefined;
  const problems = delegated ? all.filter((problem) => !addressProblems.includes(problem)) : all;
  if (delegated && state === 'degraded' && problems.length === 0 && all.length > 0) return undefined;
  const [first = `the daemon is ${state}`, ...more] = problems;
  return { message: more.length > 0 ? `${first} (and ${more.length} more)` : first, details: problems.join('\n') };
}

function severity(devices: readonly string[]): CniErrorName {
  const hasPods = devices.some((name) => name.startsWith(POD_IFNAME_PREFIX));
  return hasPods && !devices.includes(HOST_IFNAME) ? 'limited-connectivity' : 'not-available';
}
