import { type Lab, load, type Machine, type NetworkNamespace } from '../../test-harness/index.ts';
import type { AxonemeNode } from '../support/axoneme.ts';
import type { Row } from './row.ts';

/** Two ends on one node, and the address by which the first reaches the second. */
interface Path {
  readonly client: NetworkNamespace;
  readonly server: NetworkNamespace;
  readonly address: string;
}

const SECONDS = { duration: 2000, warmup: 1000 } as const;

/** Gigabits per second of one TCP stream, sender and receiver on different processors. */
async function stream({ client, server, address }: Path): Promise<number> {
  const { bitsPerSecond } = await load.throughput(client, server, { ...SECONDS, address, clientCpu: 1, serverCpu: 0 });
  return bitsPerSecond / 1e9;
}

/** Median one-way time of a 14-byte TCP ping-pong in microseconds, both ends on one processor. */
async function pingPong({ client, server, address }: Path): Promise<number> {
  const { roundTrip } = await load.roundTrip(client, server, { ...SECONDS, address, clientCpu: 1, serverCpu: 1 });
  return roundTrip.median / 2;
}

/** Thousands of TCP connections per second that one client makes, both ends on one processor. */
async function connections({ client, server, address }: Path): Promise<number> {
  const { perSecond } = await load.connectionRate(client, server, { ...SECONDS, address, clientCpu: 1, serverCpu: 1 });
  return perSecond / 1000;
}

/** What the pods are compared with: two hosts joined by a machine that routes in the kernel, without netfilter and without eBPF. */
async function kernelPath(lab: Lab): Promise<Path> {
  const router: Machine = await lab.addRouter('plain-router');
  const [client, server] = [await lab.addHost('plain-client'), await lab.addHost('plain-server')];
  await lab.connect(client, router);
  const link = await lab.connect(server, router);
  await lab.route();
  const address = link.ends.find((end) => end.machine === server)?.addresses[0]?.split('/')[0];
  if (address === undefined) throw new Error('build the kernel-routed path: the server has no address');
  return { client, server, address };
}

async function podPath(axoneme: AxonemeNode): Promise<Path> {
  const [client, server] = [await axoneme.add('bench-client'), await axoneme.add('bench-server')];
  const address = server.result.ips?.[0]?.address.split('/')[0];
  if (address === undefined) throw new Error('build the pod path: the server has no address');
  return { client: client.pod, server: server.pod, address };
}

const measured = [
  { what: 'TCP stream, pod to pod', unit: 'Gbit/s', meter: stream },
  { what: 'TCP ping-pong, one way', unit: 'µs', meter: pingPong },
  { what: 'TCP connections', unit: '1000/s', meter: connections },
] as const;

/** Same-node pod to pod against a plain veth pair routed by the kernel, in turns. */
export async function compareDatapath(
  lab: Lab,
  axoneme: AxonemeNode,
  rounds: number,
  onRound: (what: string, done: number) => void,
): Promise<Row[]> {
  const [pods, kernel] = [await podPath(axoneme), await kernelPath(lab)];
  const rows: Row[] = [];
  for (const { what, unit, meter } of measured) {
    const options = { rounds, warmup: 0, onRound: (done: number) => onRound(what, done) };
    const comparison = await load.compare(
      () => meter(pods),
      () => meter(kernel),
      options,
    );
    rows.push({ what, unit, peer: 'veth routed by the kernel', comparison });
  }
  return rows;
}
