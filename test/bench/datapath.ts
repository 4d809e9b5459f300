import { type Lab, load, type Machine, type NetworkNamespace } from '../../test-harness/index.ts';
import type { TestNode } from '../fixtures/test-node.ts';
import { type Goal, type Row, ratioAtLeast, ratioAtMost } from './row.ts';
import type { Extent, Section, Stage } from './section.ts';

/** Two ends on one machine, and the address by which the first reaches the second. */
interface Path {
  readonly client: NetworkNamespace;
  readonly server: NetworkNamespace;
  readonly address: string;
}

/** What one transfer gave: the measured value, and the processor time of both ends and the kernel between them per unit of work. */
interface Transfer {
  readonly value: number;
  readonly processor?: number;
}

type Meter = (path: Path, times: { readonly duration: number; readonly warmup: number }) => Promise<Transfer>;

/** Measures again what a busy machine let fall asleep: a transfer of which nothing counted. */
async function finite(meter: () => Promise<Transfer>, attempts = 3): Promise<Transfer> {
  const transfer = await meter();
  return Number.isFinite(transfer.value) || attempts === 1 ? transfer : await finite(meter, attempts - 1);
}

/** Gigabits per second of one TCP stream, sender and receiver on different processors. */
const stream: Meter = async ({ client, server, address }, times) => {
  const report = await load.throughput(client, server, { ...times, address, clientCpu: 1, serverCpu: 0 });
  return { value: report.bitsPerSecond / 1e9, processor: report.processorPerGigabyte };
};

/** Median one-way time of a 14-byte ping-pong in microseconds, both ends on one processor. */
const pingPong =
  (protocol: 'tcp' | 'udp'): Meter =>
  async ({ client, server, address }, times) => {
    const report = await load.roundTrip(client, server, { ...times, protocol, address, clientCpu: 1, serverCpu: 1 });
    return { value: report.roundTrip.median / 2, processor: report.processorPerTrip };
  };

/** Thousands of TCP connections per second that one client makes, both ends on one processor. */
const connections: Meter = async ({ client, server, address }, times) => {
  const { perSecond } = await load.connectionRate(client, server, { ...times, address, clientCpu: 1, serverCpu: 1 });
  return { value: perSecond / 1000 };
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

async function podPath(axoneme: TestNode, name: string): Promise<Path> {
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
  /** Of a transfer's processor time, where it is measured. */
  readonly processorUnit?: string;
}

const measured: readonly Measured[] = [
  { id: 'stream', what: 'TCP stream', unit: 'Gbit/s', meter: stream, processorUnit: 'ms/GB', goal: ratioAtLeast(1) },
  {
    id: 'tcp',
    what: 'TCP ping-pong, one way',
    unit: 'µs',
    meter: pingPong('tcp'),
    processorUnit: 'µs/round trip',
    goal: ratioAtMost(0.95),
  },
  { id: 'connections', what: 'TCP connections', unit: '1000/s', meter: connections },
  { id: 'udp', what: 'UDP ping-pong, one way', unit: 'µs', meter: pingPong('udp'), processorUnit: 'µs/round trip' },
];

interface Compared {
  readonly values: { readonly a: readonly number[]; readonly b: readonly number[] };
  readonly processor: { readonly a: number[]; readonly b: number[] };
}

/** In turns; each side's transfers come in the order of the rounds. */
async function compare(pods: Path, kernel: Path, meter: Meter, { transfers: rounds, transfer: duration }: Extent): Promise<Compared> {
  const times = { duration, warmup: duration / 4 };
  const processor = { a: [] as number[], b: [] as number[] };
  const side = (path: Path, kept: number[]) => async () => {
    const transfer = await finite(() => meter(path, times));
    if (transfer.processor !== undefined) kept.push(transfer.processor);
    return transfer.value;
  };
  const values = await load.compare(side(pods, processor.a), side(kernel, processor.b), { rounds, warmup: 0 });
  return { values, processor };
}

/**
 * Same-node pod to pod against a plain veth pair routed by the kernel, in turns; `device` is the kind of the pods' devices. Pods and machines are called
 * `name`-something.
 */
export async function datapathRows({ lab, axoneme, extent, say }: Stage, device: string, name: string = device): Promise<Row[]> {
  const [pods, kernel] = [await podPath(axoneme, `path-${name}`), await kernelPath(lab, `plain-${name}`)];
  const rows: Row[] = [];
  const peer = 'veth routed by the kernel';
  for (const { id, what, unit, meter, goal, processorUnit } of measured) {
    const { values, processor } = await compare(pods, kernel, meter, extent);
    const row = { id: `path-${device}-${id}`, what: `${what}, pod to pod, ${device}` };
    rows.push({ ...row, unit, values: values.a, beside: { what: peer, values: values.b }, ...(goal && { goal }) });
    if (processorUnit === undefined) continue;
    const time = { id: `${row.id}-processor`, what: `${row.what}: processor time`, unit: processorUnit };
    rows.push({ ...time, values: processor.a, beside: { what: peer, values: processor.b } });
    say(`${what}: ${extent.transfers} rounds`);
  }
  return rows;
}

export const datapath: Section = {
  title: 'packets between two pods of a node, beside a veth pair routed by the kernel',
  ids: ['path-veth-'],
  run: (stage) => datapathRows(stage, 'veth'),
};
