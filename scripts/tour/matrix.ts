import { type Family, type NetworkNamespace, type ProbeResult, ping, tcpEcho, udpEcho } from '../../test-harness/index.ts';
import { green, grid, red } from './print.ts';

type Probe = (from: NetworkNamespace, to: NetworkNamespace, options: { family: Family }) => Promise<ProbeResult>;

const probes: Readonly<Record<string, Probe>> = { ICMP: ping, TCP: tcpEcho, UDP: udpEcho };

const columns = ([4, 6] as const).flatMap((family) => Object.entries(probes).map(([protocol, probe]) => ({ family, protocol, probe })));

export interface Matrix {
  /** Pairs as rows, families and protocols as columns. */
  readonly text: string;
  readonly tried: number;
  /** One sentence per conversation that did not work. */
  readonly failed: readonly string[];
}

/** Every pair over both families and three protocols, as a table of ticks. */
export async function connectivity(pairs: readonly (readonly [NetworkNamespace, NetworkNamespace])[]): Promise<Matrix> {
  const failed: string[] = [];
  const rows: string[][] = [];
  for (const [from, to] of pairs) {
    const results = await Promise.all(columns.map(({ probe, family }) => probe(from, to, { family })));
    rows.push([`${from.name} → ${to.name}`, ...results.map(({ reached }) => (reached ? green('✓') : red('✗')))]);
    for (const [index, { reached, reason }] of results.entries()) {
      const column = columns[index];
      if (!reached && column) failed.push(`${from.name} → ${to.name}, IPv${column.family} ${column.protocol}: ${reason}`);
    }
  }
  const head = ['', ...columns.map(({ family, protocol }) => `IPv${family} ${protocol}`)];
  return { text: grid([head, ...rows]), tried: pairs.length * columns.length, failed };
}
