import type { AttachmentKey, DisconnectRequest } from '../../conf/api/types.ts';
import { step } from '../../conf/step.ts';
import type { PluginCall, Tools } from '../types.ts';

/**
 * DEL: takes the container's interface away and frees what it held. What is missing is no error: the specification wants DEL to succeed
 * at any time, any number of times. The daemon does all of it, and answers when the interface is gone from the container, the kernel having yet
 * to bury it. CNI_NETNS may be gone or empty: the attachment's name leads to everything. A daemon that cannot answer is left a record of the DEL.
 */
export async function del(call: PluginCall, tools: Tools): Promise<void> {
  const { containerId, ifname, netns } = call.invocation;
  const { delegate } = call.conf;
  await delAttachment({ containerId, ifname, ...(netns !== '' && { netns }) }, tools, { isWhole: delegate !== undefined });
  // Only now: an address that is free must be nobody's any more.
  if (delegate !== undefined) await step('del.delegate', () => tools.delegates.run(delegate, 'DEL', call));
}

/** The same for an attachment by its name; with `isWhole`, the device too is gone afterwards. `told`: the daemon has forgotten it; `queued`: a record waits for the daemon. */
export async function delAttachment(request: DisconnectRequest, tools: Tools, { isWhole = false } = {}): Promise<'told' | 'queued'> {
  const outcome = await delWithDaemon(request, tools, isWhole);
  if (outcome === 'told') return 'told';
  await removeDevice(request, tools);
  step('del.queue', () => tools.queue.put(request));
  // A daemon that came up and read its queue in between can as well be told at once. One that is too slow stays too slow.
  if (outcome !== 'away' || (await delWithDaemon(request, tools, isWhole)) !== 'told') return 'queued';
  step('del.unqueue', () => tools.queue.remove(request));
  return 'told';
}

/** `told`: the daemon has forgotten the attachment. `away`: nobody serves. `failed`: it cannot be told now, for another reason. */
type Outcome = 'told' | 'away' | 'failed';

async function delWithDaemon(request: DisconnectRequest, tools: Tools, isWhole: boolean): Promise<Outcome> {
  try {
    const endpoint = await step('del.disconnect', () => tools.agent.disconnectEndpoint(request));
    // The daemon has done that as well, unless it may not enter the pod's namespace.
    if (endpoint?.table !== undefined && request.netns !== undefined) await tools.host.removeRules(request.netns, endpoint.table);
    const isBuried = endpoint?.state === 'disconnected';
    if (!isBuried) await removeDevice(request, tools);
    if (endpoint && (isWhole || !isBuried)) await step('del.delete', () => tools.agent.deleteEndpoint(endpoint.id));
    return 'told';
  } catch (error) {
    return outcomeOf(error);
  }
}

/** A daemon of another version may not understand the request. */
const FAILURES: readonly unknown[] = ['timeout', 'protocol', 'internal', 'bad-request'];

/** Which errors a record of the DEL makes good. Others, from the kernel, and `busy`, are the runtime's: it tries again. */
function outcomeOf(error: unknown): Outcome {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'unreachable' || code === 'starting') return 'away';
  if (FAILURES.includes(code)) return 'failed';
  throw error;
}

/**
 * The device goes first and takes its programs along in one grace period; the links are husks then. To end a link under a live device
 * would cost a grace period more, with the kernel's network lock held.
 */
async function removeDevice(key: AttachmentKey, { host }: Tools): Promise<void> {
  await step('del.device', () => host.deleteDevice(key));
  await step('del.links', () => host.removeLinks(key));
}
