/** vrf: a device that gives its members a routing table of their own (Documentation/networking/vrf.rst). */
import type { AttrWriter } from '../attr.ts';
import { IFLA_VRF_TABLE } from '../constants.ts';
import type { Attr } from '../reader.ts';

/** A vrf, and what the kernel tells of one. */
export interface Vrf {
  readonly kind: 'vrf';
  /** Routing table of the members. */
  readonly table: number;
}

/** IFLA_INFO_DATA of a vrf. */
export function writeVrf(data: AttrWriter, spec: Vrf): void {
  data.u32(IFLA_VRF_TABLE, spec.table);
}

/** Reads IFLA_INFO_DATA of a vrf. */
export function readVrf(data: Iterable<Attr>): Vrf {
  let table = 0;
  for (const attr of data) if (attr.type === IFLA_VRF_TABLE) table = attr.u32();
  return { kind: 'vrf', table };
}
