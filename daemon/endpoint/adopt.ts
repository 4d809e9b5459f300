import { messageOf } from '../failure.ts';
import type { Logger } from '../log.ts';
import { keyOf, ownerOf } from './identity.ts';
import type { Addressing } from './ports.ts';
import type { EndpointRecord, RecordStore } from './record.ts';

/**
 * Reads the records of an earlier life and reserves their addresses again. A record that contradicts another, which only a damaged folder
 * can hold, is moved aside with a line in the log; its device then belongs to nobody and is removed as well.
 */
export function adoptRecords(store: RecordStore, addressing: Addressing, log: Logger): EndpointRecord[] {
  const keys = new Set<string>();
  return store.readAll().filter(({ endpoint }) => {
    try {
      const hasName = endpoint.state !== 'disconnected';
      if (hasName && keys.has(keyOf(endpoint))) throw new Error(`attachment ${keyOf(endpoint)} has a record already`);
      addressing.adopt(ownerOf(endpoint), endpoint);
      if (hasName) keys.add(keyOf(endpoint));
      return true;
    } catch (error) {
      log.error({ id: endpoint.id, error: messageOf(error) }, 'moved an endpoint record aside that contradicts another');
      store.moveAside(endpoint.id);
      return false;
    }
  });
}
