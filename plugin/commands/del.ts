import type { AttachmentKey } from '../../conf/api/types.ts';
import { step } from '../../conf/step.ts';
import type { PluginCall, Tools } from '../call.ts';

/**
 * DEL: takes the container's interface away and frees what it held. What is missing is no error: the specification wants DEL to succeed
 * at any time, any number of times. Nothing is read from the pod's namespace, which may be gone or empty in the environment; the
 * attachment's name leads to everything. A daemon that cannot answer is left a record of the DEL.
 */
export async function del(call: PluginCall, tools: Tools): Promise<void> {
  const { containerId, ifname, netns } = call.invocation;
  await delAttachment({ containerId, ifname }, tools, netns);
  // Only now: an address that is free must be nobody's any more.
  if (call.conf.delegate !== undefined) await tools.delegates.run(call.conf.delegate, 'DEL', call);
}

/** The same for an attachment by its name. `told`: the daemon has forgotten it; `queued`: a record waits for the daemon. */
export async function delAttachment(key: AttachmentKey, tools: Tools, netns = ''): Promise<'told' | 'queued'> {
  const outcome = await delWithDaemon(key, tools, netns);
  if (outcome === 'told') return 'told';
  await removeDevice(key, tools);
  step('del.queue', () => tools.queue.put(key));
  // A daemon that came up and read its queue in between can as well be told at once. One that is too slow stays too slow.
  if (outcome !== 'away' || (await delWithDaemon(key, tools, netns)) !== 'told') return 'queued';
  step('del.unqueue', () => tools.queue.remove(key));
  return 'told';
}

/** `told`: the daemon has forgotten the attachment. `away`: nobody serves. `failed`: it cannot be told now, for another reason. */
type Outcome = 'told' | 'away' | 'failed';

async function delWithDaemon(key: AttachmentKey, tools: Tools, netns: string): Promise<Outcome> {
  try {
    const endpoint = await step('del.disconnect', () => tools.agent.disconnectEndpoint(key));
    if (endpoint?.table !== undefined && netns !== '') await tools.host.removeRules(netns, endpoint.table);
    await removeDevice(key, tools);
    if (endpoint) await step('del.delete', () => tools.agent.deleteEndpoint(endpoint.id));
    return 'told';
  } catch (error) {
    return outcomeOf(error);
  }
}

/** Which errors a record of the DEL makes good. Others, from the kernel, and `busy`, are the runtime's: it tries again. */
function outcomeOf(error: unknown): Outcome {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'unreachable' || code === 'starting') return 'away';
  if (code === 'timeout' || code === 'protocol' || code === 'internal') return 'failed';
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
