import { afterAll, expect, it } from 'vitest';
import type { Netns } from '../../native/index.ts';
import { type DatapathSettings, type Direction, type DropReason, dropReason, eventType, type ProgramName } from '../layout.generated.ts';
import { Datapath, type RunOptions } from './datapath.ts';
import { decodeFrame } from './decode.ts';
import type { Frame } from './frame.ts';

const TC_ACT = { pass: 0, drop: 2, redirect: 7, next: -1 } as const;

/** What is expected of a run: the verdict, the packet afterwards (as it was, when absent), the counters and the drop event. */
export interface Expected {
  readonly verdict: keyof typeof TC_ACT;
  readonly packet?: Frame;
  readonly reason: DropReason;
  /** A drop that is counted, but not reported. */
  readonly isQuiet?: boolean;
  /** Of the counter; the program's own when absent. */
  readonly direction?: Direction;
}

/** The packet ends here; nobody is told but the monitor. */
export const drop = (reason: DropReason): Expected => ({ verdict: 'drop', reason });
/** The packet ends here, and nobody needs to hear of it. */
export const swallow = (reason: DropReason): Expected => ({ verdict: 'drop', reason, isQuiet: true });
/** The packet is dropped, and this ICMP error goes back. */
export const refuse = (reason: DropReason, packet: Frame): Expected => ({ verdict: 'redirect', reason, packet });
/** The packet (or our answer to it) goes to another device. */
export const redirect = (packet: Frame, direction?: Direction): Expected => ({
  verdict: 'redirect',
  reason: 'FORWARDED',
  packet,
  ...(direction && { direction }),
});
/** The packet goes on where it is, unchanged. */
export const pass = (direction?: Direction): Expected => ({ verdict: 'pass', reason: 'FORWARDED', ...(direction && { direction }) });

/** The packet goes on to whatever else is at the hook, and then where it would go without us. */
export const next = (direction?: Direction): Expected => ({ verdict: 'next', reason: 'FORWARDED', ...(direction && { direction }) });

/** A packet test: a sentence, a packet, and what becomes of it. */
export interface Row extends RunOptions {
  readonly it: string;
  readonly when: Frame | Uint8Array;
  readonly expect: Expected;
  /** Changes to the loaded program's world. */
  readonly given?: (datapath: Datapath) => void;
  readonly settings?: Partial<DatapathSettings>;
}

export interface TableOptions {
  readonly direction: Direction;
  /** Where the program runs; asked when a row runs, so that a hook can make it. */
  readonly netns?: () => Netns;
  readonly settings?: () => Partial<DatapathSettings>;
}

function checkEvents(row: Row, expected: Expected, before: Uint8Array, outcome: ReturnType<Datapath['run']>): void {
  const reported = outcome.events.filter(({ type }) => type === eventType.DROP);
  if (expected.reason === 'FORWARDED' || expected.isQuiet) {
    expect(reported, row.it).toEqual([]);
    return;
  }
  expect(reported).toHaveLength(1);
  const [event] = reported;
  expect(event).toMatchObject({ reason: dropReason[expected.reason], ifindex: 1, length: before.length });
  expect(event?.line).toBeGreaterThan(0);
  expect(event?.capture.slice(0, event.captureLength)).toEqual(before.slice(0, 128));
}

function check(row: Row, direction: Direction, outcome: ReturnType<Datapath['run']>): void {
  const before = row.when instanceof Uint8Array ? row.when : row.when.bytes();
  const expected = row.expect;
  const verdict = Object.entries(TC_ACT).find(([, number]) => number === outcome.verdict)?.[0] ?? outcome.verdict;
  expect({ verdict, ...outcome.metrics }).toEqual({
    verdict: expected.verdict,
    [`${expected.reason} ${expected.direction ?? direction}`]: 1,
  });
  expect(decodeFrame(outcome.data)).toEqual(decodeFrame(expected.packet?.bytes() ?? before));
  checkEvents(row, expected, before, outcome);
}

/** Registers one test per row. Rows share a loaded program, but find its maps as new; a row with settings of its own gets its own load. */
export function packetTests(program: ProgramName, { direction, netns, settings }: TableOptions, rows: readonly Row[]): void {
  let shared: Datapath | undefined;
  afterAll(() => shared?.[Symbol.dispose]());
  for (const row of rows) {
    it(row.it, async () => {
      const load = () => Datapath.load(program, { ...settings?.(), ...row.settings }, netns?.());
      if (!row.settings) shared ??= await load();
      const datapath = (!row.settings && shared) || (await load());
      datapath.reset();
      row.given?.(datapath);
      const data = row.when instanceof Uint8Array ? row.when : row.when.bytes();
      check(row, direction, datapath.run(data, row));
      if (datapath !== shared) datapath[Symbol.dispose]();
    });
  }
}
