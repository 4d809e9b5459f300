/**
 * Matchers of vitest for what a plugin author asks of a lab. Importing this file once in a test file, or naming it under `setupFiles`, registers them:
 *
 * ```ts
 * import 'axoneme/test-harness/vitest';
 * await expect(web).toReach(db, { tcp: 5432 });
 * ```
 * All of them are asynchronous.
 */
import { expect } from 'vitest';
import type { NetworkNamespace } from '../lab/namespace.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { toLeakNothing } from './leak.ts';
import { type ReachExpectation, toReach } from './reach.ts';
import {
  type InterfaceExpectation,
  type NeighbourExpectation,
  type RouteExpectation,
  toHaveAddress,
  toHaveInterface,
  toHaveNeighbour,
  toHaveRoute,
} from './state.ts';

export { type ConformanceSuiteOptions, describeConformance } from '../conformance/vitest.ts';
export { type CaptureOnFailureOptions, captureOnFailure } from './capture.ts';
export type { ReachExpectation } from './reach.ts';
export type { InterfaceExpectation, NeighbourExpectation, RouteExpectation } from './state.ts';

expect.extend({ toReach, toHaveRoute, toHaveAddress, toHaveInterface, toHaveNeighbour, toLeakNothing });

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /**
     * Packets get from the received namespace to the other (or to an address) and back, by one protocol, in every family that both have. Tries for
     * 4 s unless `timeout` says otherwise. Negated: in no family, not within 1 s; `outcome` tells silence from refusal.
     */
    toReach(to: NetworkNamespace | string, expectation: ReachExpectation): Promise<void>;
    /** A route is in the main table, or in `table`; what the expectation leaves out does not matter. */
    toHaveRoute(expectation: RouteExpectation): Promise<void>;
    /** An interface has the address: `10.0.0.2/32`, or `10.0.0.2` with any prefix length. */
    toHaveAddress(address: string, options?: { readonly dev?: string }): Promise<void>;
    toHaveInterface(name: string, expectation?: InterfaceExpectation): Promise<void>;
    toHaveNeighbour(expectation: NeighbourExpectation): Promise<void>;
    /** Everything that the snapshot looked at is as it was. */
    toLeakNothing(before: Snapshot): Promise<void>;
  }
}
