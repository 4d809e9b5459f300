import { HarnessError } from '../errors.ts';
import { ratioInterval, type Summary, summarize } from './statistics.ts';

/** Two things measured in turns. */
export interface Comparison {
  /** one value per round, in its unit */
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly summaries: { readonly a: Summary; readonly b: Summary };
  /** the median of a over the median of b */
  readonly ratio: number;
  /** where that ratio lies with 95 % confidence (bootstrap over rounds) */
  readonly interval: readonly [low: number, high: number];
}

export interface CompareOptions {
  /** rounds that count; each measures both (default 10) */
  readonly rounds?: number;
  /** rounds before them that do not (default 1) */
  readonly warmup?: number;
  /** told after each round that counts */
  readonly onRound?: (done: number) => void;
}

/** Measures one round and gives its value. */
export type Trial = () => Promise<number> | number;

/**
 * Measures a and b in turns (a b, b a, a b, ...), so that whatever else changes on the machine meets both: what to test is the ratio, never the
 * milliseconds of one. Throws NO_VALUES for fewer than one round.
 */
export async function compare(a: Trial, b: Trial, options: CompareOptions = {}): Promise<Comparison> {
  const { rounds = 10, warmup = 1, onRound } = options;
  const values = { a: [] as number[], b: [] as number[] };
  for (let round = -warmup; round < rounds; round += 1) {
    const turn = { a: 0, b: 0 };
    for (const side of round % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const)) turn[side] = await (side === 'a' ? a() : b());
    if (round < 0) continue;
    values.a.push(turn.a);
    values.b.push(turn.b);
    onRound?.(round + 1);
  }
  return comparisonOf(values.a, values.b);
}

/** The same for values that were measured in turns elsewhere; value i of both belongs to round i. Throws NO_VALUES for none or unequal numbers. */
export function comparisonOf(a: readonly number[], b: readonly number[]): Comparison {
  if (a.length === 0 || a.length !== b.length)
    throw new HarnessError('NO_VALUES', `compare ${a.length} with ${b.length} values: there must be as many, and some`);
  const summaries = { a: summarize(a), b: summarize(b) };
  return { a, b, summaries, ratio: summaries.a.median / summaries.b.median, interval: ratioInterval(a, b) };
}
