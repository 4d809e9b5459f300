import { HarnessError } from '../errors.ts';

/** What a set of measured values looks like, in their unit. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
}

/** The p-th quantile (0 to 1) by the nearest rank: always a value that was measured. Throws NO_VALUES. */
export function quantile(values: ArrayLike<number>, p: number): number {
  return rank(Float64Array.from(values).sort(), p);
}

/** The middle value (the lower one of two). Throws NO_VALUES. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

function rank(sorted: Float64Array, p: number): number {
  const value = sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)];
  if (value === undefined) throw new HarnessError('NO_VALUES', 'take a quantile: no values');
  return value;
}

/** Throws NO_VALUES for none. */
export function summarize(values: ArrayLike<number>): Summary {
  const sorted = Float64Array.from(values).sort();
  const at = (p: number) => rank(sorted, p);
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  return { count: sorted.length, min: at(0), median: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), max: at(1), mean };
}

/** Resamples for an interval; its ends then vary by about one percent of its width. */
const RESAMPLES = 2000;
/** The confidence of an interval. */
const LEVEL = 0.95;

/**
 * Where the ratio of two medians lies with 95 % confidence, by the percentile bootstrap over rounds: value i of both sides was measured in the same round,
 * so rounds are drawn, not values. Always the same for the same values. With fewer than 5 rounds it is hardly more than the smallest and largest ratio.
 */
export function ratioInterval(a: readonly number[], b: readonly number[]): readonly [low: number, high: number] {
  const random = generator(0x5eed);
  const ratios = Float64Array.from({ length: RESAMPLES }, () => {
    const rounds = a.map(() => Math.floor(random() * a.length));
    const pick = (values: readonly number[]) => median(rounds.map((round) => values[round] ?? Number.NaN));
    return pick(a) / pick(b);
  }).sort();
  return [rank(ratios, (1 - LEVEL) / 2), rank(ratios, (1 + LEVEL) / 2)];
}

/** mulberry32, from 0 up to 1: a small generator that always begins the same. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
