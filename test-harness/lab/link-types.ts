import type { Prefix } from './address.ts';
import type { Machine } from './machine.ts';

/** One end of a link. */
export interface LinkEnd {
  readonly machine: Machine;
  readonly interface: string;
  readonly ifindex: number;
  /** with prefix length, at most one per family */
  readonly addresses: readonly string[];
}

/** How a link is laid: all that routing needs to know. */
export interface Wiring {
  readonly ends: readonly [LinkEnd, LinkEnd];
  readonly subnets: readonly Prefix[];
  readonly mtu: number;
}
