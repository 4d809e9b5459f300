/** The other end of a pair (veth, netkit): an `ifinfomsg` with attributes of its own, inside the first end's link info. */
import type { AttrWriter } from '../attr.ts';
import { IFLA_NET_NS_FD } from '../constants.ts';
import { type CreateAttributes, type NetnsHandle, writeCreateAttributes, writeIfinfo } from './attributes.ts';

/**
 * The peer of a pair. It cannot be born up: the kernel opens it before its other end exists (ENOTCONN).
 */
export interface PeerSpec extends Omit<CreateAttributes, 'up'> {
  readonly name: string;
  /** Index to be born with, where its other end has one, too; the kernel chooses when absent. */
  readonly ifindex?: number;
  /** Namespace that the peer is born in; that of the socket when absent. */
  readonly netns?: NetnsHandle;
}

/** Writes the peer as attribute `type`. */
export function writePeer(data: AttrWriter, type: number, peer: PeerSpec): void {
  data.nested(type, (inner) => {
    writeIfinfo(inner, { ifindex: peer.ifindex, noArp: peer.noArp });
    writeCreateAttributes(inner, peer);
    if (peer.netns !== undefined) inner.u32(IFLA_NET_NS_FD, peer.netns.use());
  });
}
