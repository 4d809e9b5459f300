import { HarnessError } from '../errors.ts';
import { type Attachment, DEFAULT_IFNAME } from './attachment.ts';
import type { Files } from './discovery.ts';
import type { Network } from './network.ts';
import type { Result } from './result.ts';

/** One file of the cache, in libcni's own form (`cniCacheV1`), so that its tools can read it. */
export interface CacheEntry {
  readonly kind: 'cniCacheV1';
  readonly containerId: string;
  /** the network configuration list, base64 */
  readonly config: string;
  readonly ifName: string;
  readonly networkName: string;
  readonly netns: string;
  readonly cniArgs: readonly (readonly [string, string])[];
  readonly capabilityArgs?: Readonly<Record<string, unknown>>;
  readonly result: Result;
}

/** The results of ADD, kept for CHECK, DEL and GC in `<folder>/results/<network>-<container>-<interface>`. */
export class ResultCache {
  readonly #files: Files;
  readonly #folder: string;

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = `${folder}/results`;
  }

  async put(network: Network, attachment: Attachment, result: Result): Promise<void> {
    const entry: CacheEntry = {
      kind: 'cniCacheV1',
      containerId: attachment.containerId,
      config: Buffer.from(network.source).toString('base64'),
      ifName: attachment.ifname ?? DEFAULT_IFNAME,
      networkName: network.name,
      netns: attachment.netns,
      cniArgs: Object.entries(attachment.args ?? {}),
      ...(attachment.capabilityArgs === undefined ? {} : { capabilityArgs: attachment.capabilityArgs }),
      result,
    };
    await this.#files.writeFile(this.#path(network.name, attachment), JSON.stringify(entry));
  }

  /** Undefined when there is none. Throws BAD_CACHE for a damaged file, as libcni up to 1.3.0 does. */
  async get(networkName: string, attachment: Attachment): Promise<CacheEntry | undefined> {
    return this.#read(this.#path(networkName, attachment));
  }

  async remove(networkName: string, attachment: Attachment): Promise<void> {
    await this.#files.remove(this.#path(networkName, attachment));
  }

  /** All attachments of a network. */
  async list(networkName: string): Promise<CacheEntry[]> {
    const names = await this.#files.listFolder(this.#folder);
    const entries = await Promise.all(names.map((name) => this.#read(`${this.#folder}/${name}`)));
    return entries.filter((entry) => entry !== undefined).filter((entry) => entry.networkName === networkName);
  }

  async #read(path: string): Promise<CacheEntry | undefined> {
    if (!(await this.#files.exists(path))) return undefined;
    try {
      const entry = JSON.parse(await this.#files.readFile(path)) as CacheEntry;
      if (entry.kind !== 'cniCacheV1') throw new Error(`kind is ${String(entry.kind)}`);
      return entry;
    } catch (cause) {
      throw new HarnessError('BAD_CACHE', `read cached result ${path}: ${(cause as Error).message}`, { cause });
    }
  }

  #path(networkName: string, attachment: Attachment): string {
    return `${this.#folder}/${networkName}-${attachment.containerId}-${attachment.ifname ?? DEFAULT_IFNAME}`;
  }
}
