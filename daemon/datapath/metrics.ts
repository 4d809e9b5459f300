import { direction, dropReason, maps } from '../../bpf/layout.generated.ts';
import type { MetricRow } from '../../conf/api/types.ts';
import { BpfMap, type Fd } from '../../native/index.ts';

const reasonNames = new Map<number, string>(Object.entries(dropReason).map(([name, value]) => [value, words(name)]));
const directionNames = new Map<number, MetricRow['direction']>(
  Object.entries(direction).map(([name, value]) => [value, name.toLowerCase() as MetricRow['direction']]),
);

/** `SPOOFED_SOURCE` reads `spoofed source`. */
function words(name: string): string {
  return name.toLowerCase().replaceAll('_', ' ');
}

/** What was forwarded, and what was dropped by reason: most packets first. */
export interface Metrics {
  readonly forwarded: MetricRow[];
  readonly drops: MetricRow[];
}

/** Sums `axo_metrics` over CPUs and source lines. */
export function readMetrics(map: Fd): Metrics {
  const metrics = new BpfMap(map, maps.axo_metrics.key, maps.axo_metrics.value, { perCpu: true });
  const sums = new Map<string, { reason: number; direction: number; packets: bigint; bytes: bigint }>();
  for (const [key, values] of metrics.entriesAll()) {
    const name = `${key.reason}/${key.direction}`;
    const sum = sums.get(name) ?? { reason: key.reason, direction: key.direction, packets: 0n, bytes: 0n };
    for (const value of values) {
      sum.packets += value.packets;
      sum.bytes += value.bytes;
    }
    sums.set(name, sum);
  }
  const all = [...sums.values()].sort((a, b) => (a.packets > b.packets ? -1 : 1));
  const isForwarded = ({ reason }: { reason: number }) => reason === dropReason.FORWARDED;
  return { forwarded: all.filter(isForwarded).map(toRow), drops: all.filter((sum) => !isForwarded(sum)).map(toRow) };
}

function toRow(sum: { reason: number; direction: number; packets: bigint; bytes: bigint }): MetricRow {
  return {
    reason: reasonNames.get(sum.reason) ?? `reason ${sum.reason}`,
    direction: directionNames.get(sum.direction) ?? 'host',
    packets: sum.packets.toString(),
    bytes: sum.bytes.toString(),
  };
}
