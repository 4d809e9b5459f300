import { type NetworkNamespace, ping, tcpEcho, udpEcho } from '../../test-harness/index.ts';
import { green, grid, red } from './print.ts';

/** One end of a conversation. */
export interface End {
  readonly name: string;
  readonly place: NetworkNamespace;
  readonly addresses: readonly string[];
}

const probes = { ICMP: ping, TCP: tcpEcho, UDP: udpEcho } as const;

export interface Matrix {
  readonly text: string;
  readonly reached: number;
  readonly failed: readonly string[];
}

/** Every pair over both families and three protocols, as a table of ticks. */
export async function connectivity(pairs: readonly (readonly [End, End])[]): Promise<Matrix> {
  const families = ['IPv4', 'IPv6'];
  const protocols = Object.keys(probes) as (keyof typeof probes)[];
  const failed: string[] = [];
  const rows = await Promise.all(
    pairs.map(async ([from, to]) => {
      const cells = to.addresses.flatMap((address, family) =>
        protocols.map(async (protocol) => {
          const failure = await probes[protocol](from, to, address);
          if (failure) failed.push(`${from.name} → ${to.name} ${families[family]} ${protocol}: ${failure}`);
          return failure === undefined ? green('✓') : red('✗');
        }),
      );
      return [`${from.name} → ${to.name}`, ...(await Promise.all(cells))];
    }),
  );
  const head = ['', ...families.flatMap((family) => protocols.map((protocol) => `${family} ${protocol}`))];
  return { text: grid([head, ...rows]), reached: pairs.length * 6 - failed.length, failed };
}
