import type { load } from '../../test-harness/index.ts';

/** One measured thing of axoneme (a) beside its peer (b), from interleaved rounds of one run. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly peer: string;
  readonly comparison: load.Comparison;
}

/** `0.87 (0.84 to 0.91)`: the ratio of the medians, and where it lies with 95 % confidence. */
function ratioOf({ ratio, interval: [low, high] }: load.Comparison): string {
  return `${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

function line({ what, unit, peer, comparison }: Row): string {
  const { a, b } = comparison.summaries;
  const cells = [what, a.median.toFixed(2), a.p95.toFixed(2), b.median.toFixed(2), ratioOf(comparison), unit, peer];
  return `| ${cells.join(' | ')} |`;
}

/** The rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const head = ['| what | median | p95 | peer | ratio | unit | peer is |', '| --- | --- | --- | --- | --- | --- | --- |'];
  return [...head, ...rows.map(line)].join('\n');
}
