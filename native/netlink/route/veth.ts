/** veth(4): a pair of Ethernet devices, what goes into one comes out of the other. */
import type { AttrWriter } from '../attr.ts';
import { VETH_INFO_PEER } from '../constants.ts';
import { type PeerSpec, writePeer } from './peer.ts';

/** A veth pair, peer included: both ends exist once the request succeeds, or neither. */
export interface VethSpec {
  readonly kind: 'veth';
  readonly peer: PeerSpec;
}

/** IFLA_INFO_DATA of a veth (include/uapi/linux/veth.h). */
export function writeVeth(data: AttrWriter, spec: VethSpec): void {
  writePeer(data, VETH_INFO_PEER, spec.peer);
}
