import type { BpfEndpointRow, BpfIpcacheRow } from '../../conf/api/types.ts';
import { table } from '../lib/table.ts';

/** Rows of `axo_endpoints` as Cilium prints those of its map; an IPv6 address stands in brackets before the port, as in a URL. */
export function bpfEndpointTable(rows: readonly BpfEndpointRow[]): string {
  return table(
    ['IP ADDRESS', 'LOCAL ENDPOINT INFO'],
    rows.map((row) => [row.address.includes(':') ? `[${row.address}]:0` : `${row.address}:0`, endpointInfo(row)]),
  );
}

function endpointInfo(row: BpfEndpointRow): string {
  if (row.localhost) return '(localhost)';
  const numbers = `id=${pad(row.id, 5)} sec_id=${pad(row.identity, 5)} flags=${hex(row.flags)} ifindex=${pad(row.ifindex, 3)}`;
  return `${numbers} mac=${row.mac.toUpperCase()} nodemac=${row.nodeMac.toUpperCase()}`;
}

/** Rows of `axo_ipcache`. */
export function bpfIpcacheTable(rows: readonly BpfIpcacheRow[]): string {
  return table(
    ['IP PREFIX/ADDRESS', 'IDENTITY'],
    rows.map(({ prefix, identity, tunnelEndpoint, flags }) => [
      prefix,
      `identity=${identity} tunnelendpoint=${tunnelEndpoint || '0.0.0.0'} flags=${flags === 0 ? '<none>' : hex(flags)}`,
    ]),
  );
}

function pad(value: number, width: number): string {
  return String(value).padEnd(width);
}

function hex(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(4, '0')}`;
}
