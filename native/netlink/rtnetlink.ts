/** The rtnetlink client: requests of `route/` over one socket, with typed answers. */
import { hasErrno, NetlinkError } from '../errors.ts';
import type { Fd } from '../fd.ts';
import type { Netns } from '../netns.ts';
import { RTM_NEWADDR, RTM_NEWLINK, RTM_NEWNEIGH, RTM_NEWNSID, RTM_NEWROUTE, RTM_NEWRULE } from './constants.ts';
import type { Request } from './message.ts';
import { Part } from './part.ts';
import * as address from './route/address.ts';
import type { NetnsHandle } from './route/attributes.ts';
import * as link from './route/link.ts';
import { decodeLink, type Link } from './route/link-info.ts';
import * as neighbour from './route/neighbour.ts';
import { decodeNetnsId, getNetnsId } from './route/netns-id.ts';
import * as route from './route/route.ts';
import { decodeRoute, type Route } from './route/route-info.ts';
import * as rule from './route/rule.ts';
import { NetlinkSocket } from './socket.ts';
import { TrafficControl } from './traffic-control.ts';

/**
 * Devices, addresses, routes, neighbours and rules of one network namespace. Methods throw NetlinkError with errno and the kernel's own
 * words, EncodeError for a value that fits no message, and SyscallError when the socket itself fails. Calls may overlap.
 */
export class Rtnetlink {
  readonly links: Links;
  readonly addresses: Addresses;
  readonly routes: Routes;
  readonly neighbours: Neighbours;
  readonly rules: Rules;
  readonly trafficControl: TrafficControl;
  readonly #socket: NetlinkSocket;

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
    this.links = new Links(socket);
    this.addresses = new Addresses(socket);
    this.routes = new Routes(socket);
    this.neighbours = new Neighbours(socket);
    this.rules = new Rules(socket);
    this.trafficControl = new TrafficControl(socket);
  }

  /** Opens a socket in `ns`, the process's own namespace when absent. It stays there, wherever the process goes. */
  static async open(ns?: Netns): Promise<Rtnetlink> {
    return new Rtnetlink(await NetlinkSocket.open(ns));
  }

  /** Over a socket that another process opened; it stays in the namespace in which it was opened. Throws SyscallError; then `fd` is still the caller's. */
  static adopt(fd: Fd): Rtnetlink {
    return new Rtnetlink(NetlinkSocket.adopt(fd));
  }

  /**
   * Carries out several requests (`setLink`, `addAddress`, `addRoute`, ...) in order and in one system call. The kernel tries all of them;
   * throws the NetlinkError of the first that it refused.
   */
  async batch(requests: readonly Request[]): Promise<void> {
    await this.#socket.batch(requests);
  }

  close(): void {
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What to tell of a link. */
export interface LinkOptions {
  /** With counters. */
  readonly stats?: boolean;
}

/** Network devices. */
export class Links extends Part {
  /** Creates a link, and for a pair its peer; EEXIST when a name is taken. */
  async create(spec: link.LinkSpec): Promise<void> {
    await this.send(link.createLink(spec)).catch((error) => {
      throw withRequirement(error, spec.kind);
    });
    if (spec.altnames !== undefined && spec.altnames.length > 0) await this.send(link.addAltnames(spec.name, spec.altnames));
  }

  /**
   * Creates a link, changes it as long as nothing is refused, and answers what came of it: one way to the kernel's thread and back. Throws what the
   * first refusal says; a link that was created by then stays.
   */
  async createAndGet(spec: link.LinkSpec, changes: readonly link.LinkChange[] = []): Promise<Link> {
    const look = link.getLink(spec.name);
    const requests = [link.createLink(spec), ...changes.map((change) => link.setLink(spec.name, change)), look];
    const answers = await this.socket.inTurn(requests).catch((error) => {
      throw withRequirement(error, spec.kind);
    });
    const [found] = answers.flat().flatMap(({ type, body }) => (type === RTM_NEWLINK ? [decodeLink(body)] : []));
    if (found === undefined) throw new NetlinkError(look.operation, ENODEV);
    return found;
  }

  /** The link with this index, name or alternative name. Throws NetlinkError (ENODEV). */
  async get(which: number | string, options: LinkOptions = {}): Promise<Link> {
    const request = link.getLink(which);
    const [found] = await this.receive(request, RTM_NEWLINK, (body) => decodeLink(body, options));
    if (found === undefined) throw new NetlinkError(request.operation, ENODEV);
    return found;
  }

  /** The link, or undefined when it does not exist. */
  async find(which: number | string, options: LinkOptions = {}): Promise<Link | undefined> {
    try {
      return await this.get(which, options);
    } catch (error) {
      if (hasErrno(error, 'ENODEV')) return undefined;
      throw error;
    }
  }

  async list(filter: link.LinkFilter & LinkOptions = {}): Promise<Link[]> {
    const { kind } = filter;
    const links = await this.receive(link.listLinks(filter), RTM_NEWLINK, (body) => decodeLink(body, filter));
    // A kernel without the kind takes the filter for none at all (net/core/rtnetlink.c, link_kind_filtered).
    return kind === undefined ? links : links.filter((found) => found.kind === kind);
  }

  set(ifindex: number, change: link.LinkChange): Promise<void> {
    return this.send(link.setLink(ifindex, change));
  }

  /** Deletes a link, and with it the other end of a pair. Throws NetlinkError (ENODEV). */
  delete(ifindex: number): Promise<void> {
    return this.send(link.deleteLink(ifindex));
  }

  /** Deletes all links of a group in one go. Throws NetlinkError (ENODEV) when it is empty. */
  deleteGroup(group: number): Promise<void> {
    return this.send(link.deleteLinkGroup(group));
  }

  /** The number by which `linkNetnsId` of this namespace's links tells of `netns`; undefined when it has none, so that no link leads there. */
  async netnsId(netns: NetnsHandle): Promise<number | undefined> {
    const [id] = await this.receive(getNetnsId(netns), RTM_NEWNSID, decodeNetnsId);
    return id;
  }

  /** The link of that name, and the number of `netns` as `netnsId` has it: one way to the kernel's thread and back. Nothing when there is no such link. */
  async findWithNetnsId(name: string, netns: NetnsHandle): Promise<{ readonly link?: Link; readonly netnsId?: number | undefined }> {
    try {
      // In this order: a look at a link gives the namespace of its other side a number, if it has none (peernet2id_alloc).
      const answers = (await this.socket.inTurn([link.getLink(name), getNetnsId(netns)])).flat();
      const [netnsId] = answers.flatMap(({ type, body }) => (type === RTM_NEWNSID ? (decodeNetnsId(body) ?? []) : []));
      const [found] = answers.flatMap(({ type, body }) => (type === RTM_NEWLINK ? [decodeLink(body)] : []));
      return { ...(found && { link: found }), netnsId };
    } catch (error) {
      if (hasErrno(error, 'ENODEV')) return {};
      throw error;
    }
  }

  addAltnames(which: number | string, names: readonly string[]): Promise<void> {
    return this.send(link.addAltnames(which, names));
  }

  deleteAltnames(which: number | string, names: readonly string[]): Promise<void> {
    return this.send(link.deleteAltnames(which, names));
  }
}

/** Addresses of devices. */
export class Addresses extends Part {
  /** Throws NetlinkError (EEXIST) when the device has it. */
  add(spec: address.AddressSpec): Promise<void> {
    return this.send(address.addAddress(spec));
  }

  replace(spec: address.AddressSpec): Promise<void> {
    return this.send(address.replaceAddress(spec));
  }

  /** Throws NetlinkError (EADDRNOTAVAIL) when the device lacks it. */
  delete(spec: address.AddressSpec): Promise<void> {
    return this.send(address.deleteAddress(spec));
  }

  /** Throws NetlinkError (ENODEV) when `ifindex` is given and there is no such link. */
  list(filter: address.AddressFilter = {}): Promise<address.Address[]> {
    return this.receive(address.listAddresses(filter), RTM_NEWADDR, address.decodeAddress);
  }
}

/** Routes. */
export class Routes extends Part {
  /** Throws NetlinkError (EEXIST) when there is one with this destination and metric. */
  add(spec: route.RouteSpec): Promise<void> {
    return this.send(route.addRoute(spec));
  }

  replace(spec: route.RouteSpec): Promise<void> {
    return this.send(route.replaceRoute(spec));
  }

  append(spec: route.RouteSpec): Promise<void> {
    return this.send(route.appendRoute(spec));
  }

  /** Throws NetlinkError (ESRCH) when it does not exist. */
  delete(spec: route.RouteSpec): Promise<void> {
    return this.send(route.deleteRoute(spec));
  }

  /** The routes that agree; none when the table does not exist, which the kernel calls ENOENT. */
  async list(filter: route.RouteFilter = {}): Promise<Route[]> {
    try {
      return await this.receive(route.listRoutes(filter), RTM_NEWROUTE, decodeRoute);
    } catch (error) {
      if (filter.table !== undefined && hasErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  /**
   * The route that a packet to `address` would take now; `mtu` is the path MTU, where one was learnt. Throws NetlinkError (ENETUNREACH,
   * EHOSTUNREACH, EACCES) without a route, or when the route refuses.
   */
  async lookup(address: string): Promise<Route | undefined> {
    const [found] = await this.receive(route.lookupRoute(address), RTM_NEWROUTE, decodeRoute);
    return found;
  }
}

/** Neighbours: ARP and IPv6 neighbour entries. */
export class Neighbours extends Part {
  /** Throws NetlinkError (EEXIST) when there is one. */
  add(spec: neighbour.NeighbourSpec): Promise<void> {
    return this.send(neighbour.addNeighbour(spec));
  }

  replace(spec: neighbour.NeighbourSpec): Promise<void> {
    return this.send(neighbour.replaceNeighbour(spec));
  }

  /** Throws NetlinkError (ENOENT) when there is none. */
  delete(spec: neighbour.NeighbourSpec): Promise<void> {
    return this.send(neighbour.deleteNeighbour(spec));
  }

  list(filter: neighbour.NeighbourFilter = {}): Promise<neighbour.Neighbour[]> {
    return this.receive(neighbour.listNeighbours(filter), RTM_NEWNEIGH, neighbour.decodeNeighbour);
  }
}

/** Policy routing rules. */
export class Rules extends Part {
  /** Throws NetlinkError (EEXIST) when there is an equal one. */
  add(spec: rule.RuleSpec): Promise<void> {
    return this.send(rule.addRule(spec));
  }

  /** Throws NetlinkError (ENOENT) when there is none. */
  delete(spec: rule.RuleSpec): Promise<void> {
    return this.send(rule.deleteRule(spec));
  }

  list(filter: { readonly family?: 4 | 6 } = {}): Promise<rule.Rule[]> {
    return this.receive(rule.listRules(filter), RTM_NEWRULE, rule.decodeRule);
  }
}

/** include/uapi/asm-generic/errno-base.h */
const ENODEV = 19;

/** What a kernel must have for a kind of link: without it it answers EOPNOTSUPP and "Unknown device type". */
const requirements: Readonly<Record<string, string>> = {
  veth: 'needs CONFIG_VETH',
  netkit: 'needs kernel 6.7 with CONFIG_NETKIT',
  vxlan: 'needs CONFIG_VXLAN',
  vrf: 'needs CONFIG_NET_VRF',
  bridge: 'needs CONFIG_BRIDGE',
  dummy: 'needs CONFIG_DUMMY',
  ifb: 'needs CONFIG_IFB',
  nlmon: 'needs CONFIG_NLMON',
};

function withRequirement(error: unknown, kind: string): unknown {
  const need = requirements[kind];
  if (!(error instanceof NetlinkError) || need === undefined || !hasErrno(error, 'EOPNOTSUPP')) return error;
  const kernelMessage = error.kernelMessage === '' ? need : `${error.kernelMessage}; ${need}`;
  return new NetlinkError(error.operation, error.errno, { kernelMessage, offset: error.offset }, { cause: error });
}
