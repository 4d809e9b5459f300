import type { Validate } from '../objects/metadata.ts';
import { VersionedStore } from '../objects/versioned-store.ts';
import { EmbeddedLog, type EmbeddedOptions } from './embedded-log.ts';

/** Opens the store of one process in one file; see docs/store.md. */
export async function openEmbedded(options: EmbeddedOptions & { readonly validate?: Validate }): Promise<VersionedStore> {
  return new VersionedStore(await EmbeddedLog.open(options), options.validate);
}
