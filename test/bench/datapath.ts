import { type Lab, load, type Machine, type NetworkNamespace } from '../../test-harness/index.ts';
import type { AxonemeNode } from '../support/axoneme.ts';
import { type Goal, type Row, ratioAtLeast, ratioAtMost } from './row.ts';
import type { Extent, Section, Stage } from './section.ts';

/** Two ends on one machine, and the address by which the first reaches the second. */
interface Path {
  readonly client: NetworkNamespace;
  readonly server: NetworkNamespace;
  readonly address: string;
}

type Meter = (path: Path, times: { readonly duration: number; readonly warmup: number }) => Promise<number>;

/** Measures again what a busy machine let fall asleep: a transfer of which nothing counted. */
async function finite(meter: () => Promise<number>, attempts = 3): Promise<number> {
  const value = await meter();
  return Number.isFinite(value) || attempts === 1 ? value : await finite(meter, attempts - 1);
}

/** Gigabits per second of one TCP stream, sender and receiver on different processors. */
const stream: Meter = async ({ client, server, address }, times) => {
  const { bitsPerSecond } = await load.throughput(client, server, { ...times, address, clientCpu: 1, serverCpu: 0 });
  return bitsPerSecond / 1e9;
};

/** Median one-way time of a 14-byte ping-pong in microseconds, both ends on one processor. */
const pingPong =
  (protocol: 'tcp' | 'udp'): Meter =>
  async ({ client, server, address }, times) => {
    const { roundTrip } = await load.roundTrip(client, server, { ...times, protocol, address, clientCpu: 1, serverCpu: 1 });
    return roundTrip.median / 2;
  };

/** Thousands of TCP connections per second that one client makes, both ends on one processor. */
const connections: Meter = async ({ client, server, address }, times) => {
  const { perSecond } = await load.connectionRate(client, server, { ...times, address, clientCpu: 1, serverCpu: 1 });
  return perSecond / 1000;
};

/** What the pods are compared with: two hosts joined by a machine that routes in the kernel, without netfilter and without eBPF. */
async function kernelPath(lab: Lab, name: string): Promise<Path> {
  const router: Machine = await lab.addRouter(`${name}-router`);
  const [client, server] = [await lab.addHost(`${name}-client`), await lab.addHost(`${name}-server`)];
  await lab.connect(client, router);
  const link = await lab.connect(server, router);
  await lab.route();
  const address = link.ends.find((end) => end.machine === server)?.addresses[0]?.split('/')[0];
  if (address === undefined) throw new Error('build the kernel-routed path: the server has no address');
  return { client, server, address };
}

async function podPath(axoneme: AxonemeNode, name: string): Promise<Path> {
  const [client, server] = [await axoneme.add(`${name}-client`), await axoneme.add(`${name}-server`)];
  const address = server.result.ips?.[0]?.address.split('/')[0];
  if (address === undefined) throw new Error('build the pod path: the server has no address');
  return { client: client.pod, server: server.pod, address };
}

interface Measured {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly meter: Meter;
  readonly goal?: Goal;
}

const measured: readonly Measured[] = [
  { id: 'stream', what: 'TCP stream', unit: 'Gbit/s', meter: stream, goal: ratioAtLeast(1) },
  { id: 'tcp', what: 'TCP ping-pong, one way', unit: 'µs', meter: pingPong('tcp'), goal: ratioAtMost(0.95) },
  { id: 'connections', what: 'TCP connections', unit: '1000/s', meter: connections },
  { id: 'udp', what: 'UDP ping-pong, one way', unit: 'µs', meter: pingPong('udp') },
];

async function compare(pods: Path, kernel: Path, meter: Meter, { transfers: rounds, transfer: duration }: Extent) {
  const times = { duration, warmup: duration / 4 };
  return await load.compare(
    () => finite(() => meter(pods, times)),
    () => finite(() => meter(kernel, times)),
    { rounds, warmup: 0 },
  );
}

/**
 * Same-node pod to pod against a plain veth pair routed by the kernel, in turns; `device` is the kind of the pods' devices. Pods and machines are called
 * `name`-something.
 */
export async function datapathRows({ lab, axoneme, extent, say }: Stage, device: string, name: string = device): Promise<Row[]> {
  const [pods, kernel] = [await podPath(axoneme, `path-${name}`), await kernelPath(lab, `plain-${name}`)];
  const rows: Row[] = [];
  for (const { id, what, unit, meter, goal } of measured) {
    const { a, b } = await compare(pods, kernel, meter, extent);
    const beside = { what: 'veth routed by the kernel', values: b };
    rows.push({ id: `path-${device}-${id}`, what: `${what}, pod to pod, ${device}`, unit, values: a, beside, ...(goal && { goal }) });
    say(`${what}: ${extent.transfers} rounds`);
  }
  return rows;
}

export const datapath: Section = {
  title: 'packets between two pods of a node, beside a veth pair routed by the kernel',
  ids: ['path-veth-'],
  run: (stage) => datapathRows(stage, 'veth'),
};
