import * as z from 'zod/mini';
import { podIdentity } from '../../conf/api/schemas.ts';
import type { Endpoint } from '../../conf/api/types.ts';
import type { Survivor } from '../datapath/survivors.ts';
import { messageOf } from '../failure.ts';
import type { Logger } from '../log.ts';
import { labelsOf, ownerOf } from './identity.ts';
import type { Addressing, PoolFinder } from './ports.ts';
import type { EndpointRecord, RecordStore } from './record.ts';

/** What no kernel object says of a pod, and a damaged record may still tell. */
type Lost = Pick<Endpoint, 'pod' | 'netns' | 'network' | 'createdAt'>;

/** For a pod of which nothing else is known. It is older than any DEL that waits for it. */
const UNKNOWN: Lost = { pod: { namespace: '', name: '', uid: '' }, netns: '', createdAt: new Date(0).toISOString() };

export interface SalvageParts {
  readonly store: RecordStore;
  readonly addressing: Pick<Addressing, 'adopt'> & PoolFinder;
  readonly log: Logger;
}

/**
 * Gives pods that live in the kernel their records again, and reserves their addresses. `records` are those that were found whole; a pod that
 * contradicts one of them stays without, and is removed as nobody's. Answers the new records.
 */
export function adoptSurvivors(survivors: readonly Survivor[], records: readonly EndpointRecord[], parts: SalvageParts): EndpointRecord[] {
  const ids = new Set(records.map(({ endpoint }) => endpoint.id));
  return survivors.flatMap((survivor) => {
    const { id, hostIfname: device, containerId, ifname } = survivor;
    try {
      if (ids.has(id)) throw new Error(`endpoint ${id} is another one`);
      const record = revive(survivor, parts);
      ids.add(id);
      parts.log.warn(
        { id, device, containerId, ifname, addresses: survivor.addresses },
        'kept a pod without a record: the kernel knows it',
      );
      return [record];
    } catch (error) {
      parts.log.error({ id, device, containerId, ifname, error: messageOf(error) }, 'cannot keep a pod without a record');
      return [];
    }
  });
}

function revive(survivor: Survivor, { store, addressing, log }: SalvageParts): EndpointRecord {
  const { addresses, ...known } = survivor;
  const lost = { ...UNKNOWN, ...hintsOf(survivor, store.damaged) };
  const endpoint: Endpoint = { ...known, ...lost, ...addressesOf(addresses, addressing), state: 'ready', labels: labelsOf(lost.pod) };
  const record: EndpointRecord = { version: 1, endpoint };
  addressing.adopt(ownerOf(endpoint), endpoint);
  try {
    store.write(record);
  } catch (error) {
    log.warn({ id: endpoint.id, error: messageOf(error) }, 'writing the new record failed; the next start looks at the kernel again');
  }
  return record;
}

function addressesOf(addresses: readonly string[], { poolOf }: PoolFinder): Pick<Endpoint, 'ipv4' | 'ipv6'> {
  const named = addresses.map((address) => [address.includes(':') ? 'ipv6' : 'ipv4', { address, pool: poolOf(address) }]);
  return Object.fromEntries(named);
}

const hints = z.object({
  containerId: z.string(),
  ifname: z.string(),
  pod: z.catch(z.optional(podIdentity), undefined),
  netns: z.catch(z.optional(z.string()), undefined),
  network: z.catch(z.optional(z.string()), undefined),
  createdAt: z.catch(z.optional(z.iso.datetime()), undefined),
});

/** What a record says that is JSON, of this attachment, and yet not one of ours. */
function hintsOf({ containerId, ifname }: Survivor, damaged: readonly unknown[]): Partial<Lost> {
  for (const value of damaged) {
    const parsed = z.safeParse(z.object({ endpoint: hints }), value);
    if (!parsed.success) continue;
    const { containerId: other, ifname: otherIfname, ...told } = parsed.data.endpoint;
    if (other !== containerId || otherIfname !== ifname) continue;
    return Object.fromEntries(Object.entries(told).filter(([, field]) => field !== undefined));
  }
  return {};
}
