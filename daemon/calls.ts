import type { AttachmentKey, Endpoint } from '../conf/api/types.ts';
import { DomainError } from './domain-error.ts';
import { nameOf } from './endpoint/identity.ts';
import { messageOf } from './failure.ts';
import type { Logger } from './log.ts';

/** One line per CNI call, at level info: what was asked, how it ended, how long it took. */
export class CallLog {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** An endpoint became ready. The time is that since the record was made. */
  added(endpoint: Endpoint): void {
    const { id, netns, pod } = endpoint;
    const addresses = { ipv4: endpoint.ipv4?.address, ipv6: endpoint.ipv6?.address };
    const durationMs = Date.now() - Date.parse(endpoint.createdAt);
    this.#log.info({ verb: 'ADD', ...keyOf(endpoint), netns, pod: nameOf(pod), id, ...addresses, durationMs }, 'added');
  }

  deleted(endpoint: Endpoint): void {
    this.#log.info({ verb: 'DEL', ...keyOf(endpoint), id: endpoint.id }, 'deleted');
  }

  /** A DEL of an attachment that is not there, which is as good as done. */
  nothingToDelete(key: AttachmentKey): void {
    this.#log.info({ verb: 'DEL', ...keyOf(key) }, 'nothing to delete');
  }

  checked(key: AttachmentKey, problems: readonly string[] | undefined): void {
    this.#log.info({ verb: 'CHECK', ...keyOf(key), problems: problems ?? 'no such attachment' }, 'checked');
  }

  /** Runs one step of a call; when it fails, that is the call's line. */
  async failing<T>(verb: 'ADD' | 'DEL' | 'CHECK', key: Partial<AttachmentKey> & { id?: number }, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      const code = error instanceof DomainError ? error.code : 'internal';
      this.#log.info({ verb, ...key, code, error: messageOf(error) }, 'refused');
      throw error;
    }
  }
}

function keyOf({ containerId, ifname }: AttachmentKey): AttachmentKey {
  return { containerId, ifname };
}
