import type { AttachmentKey, Endpoint } from '../../conf/api/types.ts';
import { CniError, errorBody, toCniError } from '../../conf/cni/errors.ts';
import type { NetConf } from '../../conf/cni/netconf.ts';
import { CURRENT_VERSION } from '../../conf/cni/versions.ts';
import { type DeleteRecord, queuedMoment } from '../../conf/delete-record.ts';
import { createdMoment, isAfter } from '../../conf/moment.ts';
import { step } from '../../conf/step.ts';
import { bootId } from '../../native/boot-time.ts';
import type { PluginCall, Tools } from '../types.ts';
import { delAttachment } from './del.ts';

/**
 * GC: frees every attachment of this network that the runtime does not call valid, by a whole DEL each, and finishes the DELs that the
 * daemon has yet to hear of, and those whose device the kernel has yet to bury. A failure does not end it; all are told together. Errors: CniError `invalid-config` when the configuration
 * does not say what is valid: then nothing is freed.
 */
export async function gc(call: PluginCall, tools: Tools): Promise<void> {
  const { conf } = call;
  const failures: string[] = [];
  const { stale, buried } = await findGarbage(conf, tools);
  const note = (key: AttachmentKey) => (error: unknown) => void failures.push(describe(key, error));
  await each(stale, (endpoint) => delAttachment(nameOf(endpoint), tools).catch(note(endpoint)));
  await each([...stale, ...buried], (endpoint) => awaitEnd(endpoint, tools).catch(note(endpoint)));
  await finishQueued(tools, note);
  const { delegate } = conf;
  if (delegate !== undefined) {
    await step('gc.delegate', () => tools.delegates.run(delegate, 'GC', call)).catch((error: unknown) =>
      failures.push(`${delegate}: ${toCniError(error).message}`),
    );
  }
  const [first, ...more] = failures;
  if (first === undefined) return;
  const rest = more.length > 0 ? ` (and ${more.length} more)` : '';
  throw new CniError('garbage-left', `collect garbage of network ${conf.name}: ${first}${rest}`, { details: failures.join('\n') });
}

/**
 * Attachments under way at a time. The kernel deletes devices in batches, and each DEL waits for its batch: enough that a batch is worth it, few enough
 * that an ADD meanwhile finds its place.
 */
const AT_A_TIME = 16;

async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, items.length) }, worker));
}

/** Attachments that nobody wants any more, and, of whichever network, what is left of those that were deleted. */
interface Garbage {
  readonly stale: readonly Endpoint[];
  readonly buried: readonly Endpoint[];
}

async function findGarbage({ name, validAttachments }: NetConf, { agent }: Tools): Promise<Garbage> {
  if (validAttachments === undefined) {
    throw new CniError('invalid-config', 'read cni.dev/valid-attachments: GC needs the list of valid attachments, which may be empty');
  }
  const valid = new Set(validAttachments.map(keyOf));
  const endpoints = await agent.listEndpoints();
  const stale = endpoints.filter((endpoint) => isLive(endpoint) && endpoint.network === name && !valid.has(keyOf(endpoint)));
  return { stale, buried: endpoints.filter((endpoint) => !isLive(endpoint)) };
}

/** A disconnected endpoint has no name: another attachment may bear it. */
function isLive({ state }: Endpoint): boolean {
  return state !== 'disconnected';
}

async function awaitEnd({ id }: Endpoint, { agent }: Tools): Promise<void> {
  await step('del.delete', () => agent.deleteEndpoint(id));
}

/** The daemon replays a record when it comes: one that is still there met a failure. */
async function finishQueued(tools: Tools, note: (key: AttachmentKey) => (error: unknown) => void): Promise<void> {
  const records = tools.queue.list();
  if (records.length === 0) return;
  // Listed now, because what was listed before the deletions is old by now.
  const endpoints = await tools.agent.listEndpoints();
  const live = new Map(endpoints.filter(isLive).map((endpoint) => [keyOf(endpoint), endpoint]));
  await each(records, (record) => finish(record, live.get(keyOf(record)), tools).catch(note(record)));
}

/** A record means nothing to an attachment that was made after the DEL. */
async function finish(record: DeleteRecord, endpoint: Endpoint | undefined, tools: Tools): Promise<void> {
  if (endpoint && isAfter(createdMoment(endpoint), queuedMoment(record), bootId())) return forget(record, tools);
  if ((await delAttachment(nameOf(record), tools)) === 'told') forget(record, tools);
}

function forget(record: DeleteRecord, { queue }: Tools): void {
  step('del.unqueue', () => queue.remove(record));
}

/** Without the path that ADD was given: by now it may be another container's. */
function nameOf({ containerId, ifname }: AttachmentKey): AttachmentKey {
  return { containerId, ifname };
}

function keyOf({ containerId, ifname }: AttachmentKey): string {
  return `${containerId}/${ifname}`;
}

function describe(key: AttachmentKey, error: unknown): string {
  const { msg, details } = errorBody(toCniError(error), CURRENT_VERSION);
  return `${keyOf(key)}: ${[msg, ...(details === undefined ? [] : [details.replaceAll('\n', '; ')])].join('; ')}`;
}
