import type { DeviceMode, Endpoint, EndpointAddress, EndpointPlan } from '../../conf/api/types.ts';
import type { Netns, Rtnetlink } from '../../native/index.ts';

/*
 * What the endpoint manager needs of its neighbours. The daemon gives it the datapath, the node's IPAM and the client's connection;
 * tests give it fakes.
 */

/** The life of a client: an unfinished ADD or DEL belongs to it, and ends with it. */
export interface Claim {
  /** False once the client has gone. */
  readonly alive: boolean;
  /** When it came, by `performance.now()`, where all of its work is one call; absent where each request of it counts. */
  readonly since?: number;
  /** The client is this process: what it reports to have done it has seen the kernel do. */
  readonly isDaemon?: true;
  /** Set while the client takes back what it did, because nobody waits for it any more or its endpoint has ended: resolves when that is done. */
  readonly leaving: Promise<void> | undefined;
  /** The client's endpoint has ended: its work cannot succeed any more. */
  leave(): void;
  /** Calls back once when the client goes, or soon when it has gone already. The answer withdraws the wish. */
  whenClosed(callback: () => void): () => void;
}

/** What a burial left. */
export interface Burial {
  /** Name of the host side now. */
  readonly hostIfname: string;
  /** Nothing of the endpoint is left in the kernel, so that there is nothing to wait for. */
  readonly isOver: boolean;
}

/** A namespace that came with a call, and a socket in it: this process need not enter it, nor see its path. */
export interface PassedDoor {
  readonly netns: Netns;
  readonly netlink: Rtnetlink;
}

/** What may lead into a pod's namespace: a path, or the namespace itself. */
export type Door = string | PassedDoor;

/** Who asks for a DEL. */
export interface Visitor {
  /** What it may not be made to wait for. */
  readonly claim: Claim;
  /** When it came, by `performance.now()`: a DEL means what was asked for before it. */
  readonly since: number;
  readonly door?: PassedDoor | undefined;
}

/** The kernel side of endpoints. Every method may be called again after it failed half-way. */
export interface EndpointDatapath {
  /** Bytes of the IP packet, for endpoints that ask for no other. */
  readonly mtu: number;
  /** Kind of the pairs that are made now. */
  readonly device: { readonly mode: DeviceMode };
  readonly routers: EndpointPlan['routers'];
  attachPaths(endpoint: Endpoint): EndpointPlan['attach'];
  /** The device of this index bears the endpoint's name: throws `bad-request` when it does not. */
  expectDevice(endpoint: Endpoint): void;
  /** Writes the endpoint's rows into the maps. */
  connect(endpoint: Endpoint): Promise<void>;
  /** Removes the endpoint's rows from the maps; rows of another endpoint stay. */
  disconnect(endpoint: Endpoint): Promise<void>;
  /**
   * Takes the endpoint's device away from the pod, and device and pinned links away from their names, so that the attachment can be made anew;
   * nothing there is fine. `doors`: what may lead to the pod's namespace. Another plugin's device stays as it is.
   */
  bury(endpoint: Endpoint, doors: readonly Door[]): Promise<Burial>;
  /** Deletes what burials left of these endpoints, in one go. Gives, by id, what is still there and why. */
  reap(endpoints: readonly Endpoint[]): Promise<ReadonlyMap<number, unknown>>;
  /** True when the host side of the pair is there, under its name and index. */
  hasDevice(endpoint: Endpoint): boolean;
  /** What differs from what should be: links, programs, map rows, device. Empty when whole. */
  inspect(endpoint: Endpoint): Promise<string[]>;
  /** The same of what all endpoints share: the node's own leg with its programs, router addresses and routes. */
  inspectNode(): Promise<readonly string[]>;
}

/** What an ADD asks of the node's addresses. */
export interface AddressRequest {
  /** Shown beside the address: `namespace/pod` or the container id. */
  readonly owner: string;
  readonly pool?: string;
  readonly addresses?: readonly string[];
}

/** One address per enabled family. */
export interface EndpointAddresses {
  readonly ipv4?: EndpointAddress;
  readonly ipv6?: EndpointAddress;
}

/** The node's addresses. Nothing here waits: reservations are decided at once and kept by the endpoint's record. */
export interface Addressing {
  /** Reserves one address per family. Throws `pool-unknown`, `pool-exhausted`, `address-unavailable`; then nothing is reserved. */
  allocate(request: AddressRequest): EndpointAddresses;
  /** Reserves again what a record found at start says. Throws when another owner has it. */
  adopt(owner: string, addresses: EndpointAddresses): void;
  /** Takes over addresses that another plugin gave. Throws `bad-request`, and `address-unavailable` for one that is in use; then none is taken. */
  accept(owner: string, addresses: readonly EndpointAddress[]): EndpointAddresses;
  release(addresses: EndpointAddresses): void;
  /** Owner of an address, or undefined when it is free. */
  ownerOf(address: EndpointAddress): string | undefined;
}

/** Where an address of before belongs. */
export interface PoolFinder {
  /** The pool whose range has a free address; the default pool when none has. */
  readonly poolOf: (address: string) => string;
}
