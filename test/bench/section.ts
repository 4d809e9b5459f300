import type { Lab } from '../../test-harness/index.ts';
import type { TestNode } from '../fixtures/test-node.ts';
import type { Row } from './row.ts';

/** How much is measured. */
export interface Extent {
  /** Rounds of ADD, CHECK and DEL, each with every contender once. */
  readonly calls: number;
  readonly bursts: number;
  /** Pods of a burst. */
  readonly burst: number;
  /** Pods at which the daemon is looked at, from none upwards. */
  readonly scale: readonly number[];
  readonly starts: number;
  /** Milliseconds over which an idle daemon's processor time is counted. */
  readonly idle: number;
  readonly transfers: number;
  /** Milliseconds of one transfer that count. */
  readonly transfer: number;
}

export const full: Extent = {
  calls: 100,
  bursts: 5,
  burst: 100,
  scale: [0, 100, 250],
  starts: 7,
  idle: 8000,
  transfers: 7,
  transfer: 1000,
};
export const quick: Extent = { calls: 8, bursts: 1, burst: 20, scale: [0, 20, 40], starts: 2, idle: 2000, transfers: 3, transfer: 200 };

/** Where a section works. */
export interface Stage {
  readonly lab: Lab;
  /** A node with the daemon on it, both families, veth pairs, and the machine's real knob for grace periods. */
  readonly axoneme: TestNode;
  readonly extent: Extent;
  readonly say: (progress: string) => void;
}

/** A part of the benchmark that can run alone. */
export interface Section {
  readonly title: string;
  /** The ids of its rows, or how they begin. */
  readonly ids: readonly string[];
  readonly run: (stage: Stage) => Promise<Row[]>;
}

/** Whether a section has rows that are asked for; `only` is an id or how it begins. */
export function isWanted({ ids }: Section, only: string | undefined): boolean {
  return only === undefined || ids.some((id) => id.startsWith(only) || only.startsWith(id));
}
