import type { AttachmentKey } from '../../conf/api/types.ts';
import { CniError, errorBody, toCniError } from '../../conf/cni/errors.ts';
import type { NetConf } from '../../conf/cni/netconf.ts';
import { CURRENT_VERSION } from '../../conf/cni/versions.ts';
import type { DeleteRecord } from '../../conf/delete-record.ts';
import { step } from '../../conf/step.ts';
import type { PluginCall, Tools } from '../call.ts';
import { delAttachment } from './del.ts';

/**
 * GC: frees every attachment of this network that the runtime does not call valid, by a whole DEL each, and finishes the DELs that the
 * daemon has yet to hear of. A failure does not end it; all are told together. Errors: CniError `invalid-config` when the configuration
 * does not say what is valid: then nothing is freed.
 */
export async function gc(call: PluginCall, tools: Tools): Promise<void> {
  const { conf } = call;
  const failures: string[] = [];
  for (const key of await findStale(conf, tools)) {
    await delAttachment(key, tools).catch((error: unknown) => failures.push(describe(key, error)));
  }
  for (const record of tools.queue.list()) {
    await finish(record, tools).catch((error: unknown) => failures.push(describe(record, error)));
  }
  const { delegate } = conf;
  if (delegate !== undefined) {
    await tools.delegates.run(delegate, 'GC', call).catch((error: unknown) => failures.push(`${delegate}: ${toCniError(error).message}`));
  }
  const [first, ...more] = failures;
  if (first === undefined) return;
  const rest = more.length > 0 ? ` (and ${more.length} more)` : '';
  throw new CniError('garbage-left', `collect garbage of network ${conf.name}: ${first}${rest}`, { details: failures.join('\n') });
}

async function findStale({ name, validAttachments }: NetConf, { agent }: Tools): Promise<AttachmentKey[]> {
  if (validAttachments === undefined) {
    throw new CniError('invalid-config', 'read cni.dev/valid-attachments: GC needs the list of valid attachments, which may be empty');
  }
  const valid = new Set(validAttachments.map(keyOf));
  const endpoints = await agent.listEndpoints();
  return endpoints.filter((endpoint) => endpoint.network === name && !valid.has(keyOf(endpoint)));
}

/** The daemon replays a record at once when it can: one that is still there met a failure. It means nothing to an attachment made after it. */
async function finish(record: DeleteRecord, tools: Tools): Promise<void> {
  const endpoints = await tools.agent.listEndpoints();
  const endpoint = endpoints.find((one) => keyOf(one) === keyOf(record));
  if (endpoint && Date.parse(endpoint.createdAt) > Date.parse(record.queuedAt)) return forget(record, tools);
  if ((await delAttachment(record, tools)) === 'told') forget(record, tools);
}

function forget(record: DeleteRecord, { queue }: Tools): void {
  step('del.unqueue', () => queue.remove(record));
}

function keyOf({ containerId, ifname }: AttachmentKey): string {
  return `${containerId}/${ifname}`;
}

function describe(key: AttachmentKey, error: unknown): string {
  const { msg, details } = errorBody(toCniError(error), CURRENT_VERSION);
  return `${keyOf(key)}: ${[msg, ...(details === undefined ? [] : [details.replaceAll('\n', '; ')])].join('; ')}`;
}
