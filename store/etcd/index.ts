import type { Validate } from '../objects/metadata.ts';
import { VersionedStore } from '../objects/versioned-store.ts';
import type { EtcdOptions } from './connection.ts';
import { EtcdLog } from './etcd-log.ts';

/** A store in etcd v3, under `/axoneme/`. It connects with the first call. */
export function openEtcd(options: EtcdOptions & { readonly validate?: Validate }): VersionedStore {
  return new VersionedStore(new EtcdLog(options, '/axoneme/'), options.validate);
}
