/**
 * rtnetlink in TypeScript: pure codecs (`route/`), the rules of the socket, a client and a monitor. Nothing here knows about pods.
 */
export { DecodeError, EncodeError } from './errors.ts';
export type { EventAction, EventKind, RtnetlinkEvent } from './events.ts';
export type { Request } from './message.ts';
export { type MonitorOptions, RtnetlinkMonitor } from './monitor.ts';
export { type BaseChain, listBaseChains } from './netfilter.ts';
export {
  type Address,
  type AddressFilter,
  type AddressSpec,
  addAddress,
  deleteAddress,
  replaceAddress,
} from './route/address.ts';
export type { CreateAttributes, NetnsHandle } from './route/attributes.ts';
export { type BpfFilterSpec, deleteBpfFilter, type FilterKey, replaceBpfFilter } from './route/filter.ts';
export {
  addAltnames,
  createLink,
  deleteAltnames,
  deleteLink,
  deleteLinkGroup,
  type LinkChange,
  type LinkFilter,
  type LinkKind,
  type LinkSpec,
  setLink,
} from './route/link.ts';
export type { Link, LinkInfo, LinkStats, XdpInfo } from './route/link-info.ts';
export {
  addNeighbour,
  deleteNeighbour,
  type Neighbour,
  type NeighbourFilter,
  type NeighbourFlag,
  type NeighbourSpec,
  replaceNeighbour,
} from './route/neighbour.ts';
export type { Netconf } from './route/netconf.ts';
export type { NetkitInfo, NetkitSpec } from './route/netkit.ts';
export type { PeerSpec } from './route/peer.ts';
export { addClsact, deleteClsact, deleteQdisc, type QdiscSpec, replaceQdisc } from './route/qdisc.ts';
export {
  addRoute,
  appendRoute,
  deleteRoute,
  type NextHopSpec,
  type RouteFilter,
  type RouteSpec,
  replaceRoute,
} from './route/route.ts';
export type { NextHop, Route } from './route/route-info.ts';
export { addRule, deleteRule, type PortRange, type Rule, type RuleSpec } from './route/rule.ts';
export type { Filter, FilterAction, FilterParent, Qdisc, TokenBucket } from './route/traffic-control.ts';
export type { VethSpec } from './route/veth.ts';
export type { Vrf } from './route/vrf.ts';
export type { Vxlan } from './route/vxlan.ts';
export { Addresses, type LinkOptions, Links, Neighbours, Routes, Rtnetlink, Rules } from './rtnetlink.ts';
export { TrafficControl } from './traffic-control.ts';
