import { fileIdentity } from '../files.ts';
import { addressesOf, ownerOf } from './identity.ts';
import type { Addressing } from './ports.ts';
import type { EndpointRecord } from './record.ts';

/**
 * What CHECK finds wrong on paper: the state, the owners of the addresses, the namespace behind CNI_NETNS, by its identity in the plugin's eyes
 * (`seen`) or, when the plugin did not say, the daemon's. Empty when nothing.
 */
export function bookProblems(
  { endpoint, netnsIdentity }: EndpointRecord,
  addressing: Pick<Addressing, 'ownerOf'>,
  seen: string | undefined,
): string[] {
  const problems: string[] = [];
  if (endpoint.state !== 'ready') problems.push(`endpoint ${endpoint.id} is ${endpoint.state}`);
  for (const address of addressesOf(endpoint)) {
    const owner = addressing.ownerOf(address);
    if (owner !== ownerOf(endpoint)) problems.push(`address ${address.address} belongs to ${owner ?? 'nobody'} in pool ${address.pool}`);
  }
  if (netnsIdentity === undefined) return problems;
  const identity = seen ?? fileIdentity(endpoint.netns);
  if (identity === undefined) problems.push(`network namespace ${endpoint.netns} is gone`);
  else if (identity !== netnsIdentity) problems.push(`network namespace ${endpoint.netns} is another one than at ADD`);
  return problems;
}
