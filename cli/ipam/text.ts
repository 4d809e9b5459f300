import type { IpamStatus } from '../../conf/api/types.ts';
import { table } from '../lib/table.ts';

/** Pools, then taken addresses. */
export function ipamText({ pools, addresses }: IpamStatus): string {
  const poolRows = pools.map((p) => [p.name, `IPv${p.family}`, p.cidrs.join('\n') || 'no block yet', p.allocated, p.capacity]);
  const addressRows = addresses.map(({ address, pool, owner }) => [address, pool, owner]);
  const blocks = table(['POOL', 'FAMILY', 'BLOCKS', 'ALLOCATED', 'CAPACITY'], poolRows);
  return `${blocks}\n\n${table(['ADDRESS', 'POOL', 'OWNER'], addressRows)}`;
}
