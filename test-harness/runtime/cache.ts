import { HarnessError } from '../errors.ts';
import { type Attachment, DEFAULT_IFNAME } from './attachment.ts';
import type { Files } from './discovery.ts';
import { isObject, type Json, type Network } from './network.ts';
import type { Result } from './result.ts';
import { convertResult, decodeResult } from './result-types.ts';

/** One file of the cache, in libcni's own form (`cniCacheV1`): each can read what the other wrote. Empty fields are left out, as Go leaves them out. */
export interface CacheEntry {
  readonly kind: 'cniCacheV1';
  readonly containerId: string;
  /** the text of the network configuration list, base64 */
  readonly config: string;
  readonly ifName: string;
  readonly networkName: string;
  readonly netns?: string;
  /** CNI_ARGS, in order */
  readonly cniArgs?: readonly (readonly [string, string])[];
  readonly capabilityArgs?: Readonly<Record<string, unknown>>;
  readonly result?: Result;
}

/**
 * The results of ADD, kept for CHECK, DEL and GC in `<folder>/results/<network>-<container>-<interface>`, readable by root only.
 * libcni's default folder is /var/lib/cni.
 */
export class ResultCache {
  readonly #files: Files;
  readonly #folder: string;

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = `${folder}/results`;
  }

  async put(network: Network, attachment: Attachment, result: Result): Promise<void> {
    const { containerId, netns, args = {}, capabilityArgs = {} } = attachment;
    const entry: CacheEntry = {
      kind: 'cniCacheV1',
      containerId,
      config: Buffer.from(network.source).toString('base64'),
      ifName: attachment.ifname ?? DEFAULT_IFNAME,
      networkName: network.name,
      ...(netns === '' ? {} : { netns }),
      ...(Object.keys(args).length === 0 ? {} : { cniArgs: Object.entries(args) }),
      ...(Object.keys(capabilityArgs).length === 0 ? {} : { capabilityArgs }),
      result,
    };
    await this.#files.writeFile(this.#path(network.name, attachment), JSON.stringify(entry), 0o600);
  }

  /** The whole entry; undefined when there is none. Throws BAD_CACHE for a damaged file. */
  async get(networkName: string, attachment: Attachment): Promise<CacheEntry | undefined> {
    const path = this.#path(networkName, attachment);
    const text = await this.#read(path);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (isEntry(value)) return value;
    throw new HarnessError('BAD_CACHE', `read cached attachment ${path}: it is not of kind cniCacheV1`);
  }

  /**
   * The result alone, in the version of the network: what CHECK and DEL hand to plugins. A file that is a bare result, as libcni before 0.8 wrote
   * it, is read as well. Throws BAD_CACHE for a damaged file, as libcni up to 1.3.0 does; later ones go on without a result.
   */
  async result(network: Network, attachment: Attachment): Promise<Result | undefined> {
    const path = this.#path(network.name, attachment);
    const text = await this.#read(path);
    if (text === undefined) return undefined;
    try {
      const value = parse(text);
      const result = isEntry(value) ? (value.result ?? {}) : value;
      return convertResult(decodeResult(result, '0.1.0'), network.cniVersion);
    } catch (cause) {
      throw new HarnessError('BAD_CACHE', `read cached result ${path}: ${(cause as Error).message}`, { cause });
    }
  }

  async remove(networkName: string, attachment: Attachment): Promise<void> {
    await this.#files.remove(this.#path(networkName, attachment));
  }

  /** All attachments of a network, by file name. Files that are not of this cache, or damaged, are passed over. */
  async list(networkName: string): Promise<CacheEntry[]> {
    const names = await this.#files.listFolder(this.#folder);
    const values = await Promise.all(names.map(async (name) => parse((await this.#read(`${this.#folder}/${name}`)) ?? '')));
    return values.filter(isEntry).filter((entry) => entry.networkName === networkName);
  }

  async #read(path: string): Promise<string | undefined> {
    return (await this.#files.exists(path)) ? this.#files.readFile(path) : undefined;
  }

  #path(networkName: string, attachment: Attachment): string {
    return `${this.#folder}/${networkName}-${attachment.containerId}-${attachment.ifname ?? DEFAULT_IFNAME}`;
  }
}

/** An entry as an attachment: what GC deletes. */
export function attachmentOfEntry(entry: CacheEntry): Attachment {
  const { containerId, netns = '', ifName, cniArgs = [], capabilityArgs } = entry;
  const attachment = { containerId, netns, ifname: ifName, args: Object.fromEntries(cniArgs) };
  return capabilityArgs === undefined ? attachment : { ...attachment, capabilityArgs };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is CacheEntry & Json {
  return isObject(value) && value['kind'] === 'cniCacheV1' && Boolean(value['ifName']) && Boolean(value['networkName']);
}
