import { maps, reservedIdentity } from '../../bpf/layout.generated.ts';
import type { BpfIpcacheRow } from '../../conf/api/types.ts';
import { BpfMap, type Fd } from '../../native/index.ts';
import { addressText, prefixKey, prefixText } from '../datapath/address.ts';

const NO_TUNNEL_ENDPOINT = new Uint8Array(16);

/** The one writer of `axo_ipcache`: which identity a prefix has. */
export class Ipcache {
  readonly #map;

  constructor(map: Fd) {
    this.#map = new BpfMap(map, maps.axo_ipcache.key, maps.axo_ipcache.value);
  }

  put(prefix: string, identity: number): void {
    this.#map.set(prefixKey(prefix), { identity, tunnelEndpoint: NO_TUNNEL_ENDPOINT, flags: 0 });
  }

  delete(prefix: string): void {
    this.#map.delete(prefixKey(prefix));
  }

  /** Of this very prefix; undefined when it has no row. */
  identityOf(prefix: string): number | undefined {
    return this.#map.get(prefixKey(prefix))?.identity;
  }

  /** Removes the prefixes of endpoints other than these; those of the node and the world are kept by their identity. */
  keepEndpoints(prefixes: ReadonlySet<string>): void {
    for (const [key, row] of [...this.#map.entries()]) {
      const isNode = row.identity === reservedIdentity.HOST || row.identity === reservedIdentity.WORLD;
      if (!isNode && !prefixes.has(prefixText(key))) this.#map.delete(key);
    }
  }

  /** All rows, in the order of prefixes. */
  rows(): BpfIpcacheRow[] {
    const sortKey = (key: { addr: Uint8Array; prefixlen: number }) =>
      Buffer.from(key.addr).toString('hex') + String(key.prefixlen).padStart(3, '0');
    const rows = [...this.#map.entries()].map(([key, row]) => ({ key, row, sort: sortKey(key) }));
    rows.sort((a, b) => (a.sort < b.sort ? -1 : 1));
    return rows.map(({ key, row }) => ({
      prefix: prefixText(key),
      identity: row.identity,
      tunnelEndpoint: addressText(row.tunnelEndpoint).replace(/^::$/, '0.0.0.0'),
      flags: row.flags,
    }));
  }
}
