/** The p-th quantile (0 to 1) by the nearest rank. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)];
  if (value === undefined) throw new Error('take a quantile: no values');
  return value;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** One measured thing beside its peer, from interleaved rounds of one run. */
export interface Comparison {
  readonly what: string;
  readonly unit: string;
  readonly ours: readonly number[];
  readonly peer: { readonly name: string; readonly values: readonly number[] };
  /** The median of ours over the median of the peer's. */
  readonly ratio: number;
}

export function compare(what: string, unit: string, ours: readonly number[], peer: Comparison['peer']): Comparison {
  return { what, unit, ours, peer, ratio: median(ours) / median(peer.values) };
}
