import { load } from '../../test-harness/index.ts';

/** What a row is held to: a bound of its ratio, of its own median, or of its spread (p99 over median). */
export interface Goal {
  readonly of: 'ratio' | 'median' | 'spread';
  readonly sense: 'at most' | 'at least';
  readonly value: number;
}

/** One measured thing, perhaps beside a peer. */
export interface Row {
  /** A word for `--only`: `add-warm`. */
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  /** One value per round. */
  readonly values: readonly number[];
  /** Measured in turns with it: value i belongs to the same round. */
  readonly beside?: { readonly what: string; readonly values: readonly number[] };
  readonly goal?: Goal;
}

/** A row with what can be said about its values. */
export interface Reading extends Omit<Row, 'values' | 'beside'> {
  readonly rounds: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly beside?: {
    readonly what: string;
    readonly median: number;
    readonly ratio: number;
    /** Where the ratio lies with 95 % confidence. */
    readonly interval: readonly [low: number, high: number];
  };
  /** Whether the goal holds; absent without one. */
  readonly reached?: boolean;
}

/** `at most 0.6`, of the ratio to the peer. */
export const ratioAtMost = (value: number): Goal => ({ of: 'ratio', sense: 'at most', value });
export const ratioAtLeast = (value: number): Goal => ({ of: 'ratio', sense: 'at least', value });
/** Of the row's own median, in its unit. */
export const medianAtMost = (value: number): Goal => ({ of: 'median', sense: 'at most', value });
/** Of p99 over the median. */
export const spreadAtMost = (value: number): Goal => ({ of: 'spread', sense: 'at most', value });

/** Medians, quantiles, the ratio with its interval, and the word on the goal. */
export function read({ values, beside, ...row }: Row): Reading {
  const { median, p95, p99 } = load.summarize(values);
  const comparison = beside && load.comparisonOf(values, beside.values);
  const peer = beside &&
    comparison && {
      what: beside.what,
      median: comparison.summaries.b.median,
      ratio: comparison.ratio,
      interval: comparison.interval,
    };
  const reading = { ...row, rounds: values.length, median, p95, p99, ...(peer && { beside: peer }) };
  return row.goal === undefined ? reading : { ...reading, reached: holds(row.goal, judged(reading)) };
}

/** The number that a goal is about; NaN where the row has none. */
export function judged({ goal, median, p99, beside }: Omit<Reading, 'reached'>): number {
  if (goal?.of === 'median') return median;
  if (goal?.of === 'spread') return p99 / median;
  return beside?.ratio ?? Number.NaN;
}

function holds({ sense, value }: Goal, measured: number): boolean {
  return sense === 'at most' ? measured <= value : measured >= value;
}

/** Three digits that count: `0.123`, `4.56`, `78.9`, `1234`. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 0.1))));
  return value.toFixed(places);
}

const SIGN = { 'at most': '≤', 'at least': '≥' } as const;
const GOAL_OF = {
  ratio: () => '×',
  median: (unit: string) => unit,
  spread: () => '× median (p99)',
} as const;

/** `≤ 0.60 ×`, `≤ 80.0 MB`, `≤ 3.00 × median (p99)`. */
export function goalText({ goal, unit }: Pick<Reading, 'goal' | 'unit'>): string {
  if (goal === undefined) return '';
  return `${SIGN[goal.sense]} ${digits(goal.value)} ${GOAL_OF[goal.of](unit)}`;
}

/** A quantile is shown where there are values beyond it: p95 from 20 rounds on, p99 from 100. */
function line(reading: Reading): string {
  const { what, rounds, median, p95, p99, unit, beside, reached } = reading;
  const ratio = beside && `${beside.ratio.toFixed(2)} (${beside.interval.map((end) => end.toFixed(2)).join(' to ')})`;
  const verdict = reached === undefined ? '' : reached ? '✓' : '✗';
  const numbers = [digits(median), rounds < 20 ? '' : digits(p95), rounds < 100 ? '' : digits(p99)];
  const cells = [what, ...numbers, unit, beside?.what ?? '', beside ? digits(beside.median) : '', ratio ?? '', goalText(reading), verdict];
  return `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |').replaceAll('|  |', '| |');
}

const HEADS = ['what', 'median', 'p95', 'p99', 'unit', 'beside', 'its median', 'ratio (95 %)', 'goal', ''];

/** The readings as one Markdown table. */
export function table(readings: readonly Reading[]): string {
  const head = [`| ${HEADS.join(' | ')} |`, `|${' --- |'.repeat(HEADS.length)}`];
  return [...head, ...readings.map(line)].join('\n');
}
