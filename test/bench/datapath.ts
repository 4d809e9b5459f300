import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab, Machine, NetworkNamespace } from '../../test-harness/index.ts';
import type { AxonemeNode } from '../support/axoneme.ts';
import { type Comparison, compare } from './numbers.ts';

/** Two ends on one node, and the address by which the first reaches the second. */
interface Path {
  readonly client: NetworkNamespace;
  readonly server: NetworkNamespace;
  readonly address: string;
}

/** Gigabits per second of one TCP stream, sender and receiver on different processors. */
async function stream({ client, address }: Path, seconds: number): Promise<number> {
  const command = ['taskset', '-c', '1', 'iperf3', '--json', '-c', address, '-t', `${seconds}`, '-O', '1'];
  const report = JSON.parse(await client.run(command, { timeout: (seconds + 20) * 1000 }));
  return report.end.sum_received.bits_per_second / 1e9;
}

/** Median one-way time of a 14-byte TCP ping-pong in microseconds, both ends on one processor. */
async function pingPong({ client, address }: Path, seconds: number): Promise<number> {
  const command = ['taskset', '-c', '1', 'sockperf', 'ping-pong', '--tcp', '-i', address, '-p', '11111', '-t', `${seconds}`];
  const report = await client.run(command, { timeout: (seconds + 20) * 1000 });
  const match = /percentile 50\.000 =\s+([\d.]+)/.exec(report);
  if (!match) throw new Error(`read sockperf's report: no median in: ${report.slice(-500)}`);
  return Number(match[1]);
}

async function startServers({ server }: Path): Promise<void> {
  server.spawn(['taskset', '-c', '0', 'iperf3', '-s']);
  server.spawn(['taskset', '-c', '1', 'sockperf', 'server', '--tcp', '-p', '11111']);
  await sleep(500);
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

/** Same-node pod to pod against a plain veth pair routed by the kernel, in turns. */
export async function compareDatapath(
  lab: Lab,
  axoneme: AxonemeNode,
  rounds: number,
  onRound: (done: number) => void,
): Promise<Comparison[]> {
  const [pods, kernel] = [await podPath(axoneme), await kernelPath(lab)];
  await Promise.all([startServers(pods), startServers(kernel)]);
  const measured = { stream: { ours: [] as number[], peer: [] as number[] }, pingPong: { ours: [] as number[], peer: [] as number[] } };
  for (let round = 0; round < rounds; round += 1) {
    measured.stream.ours.push(await stream(pods, 2));
    measured.stream.peer.push(await stream(kernel, 2));
    measured.pingPong.ours.push(await pingPong(pods, 2));
    measured.pingPong.peer.push(await pingPong(kernel, 2));
    onRound(round + 1);
  }
  const name = 'veth routed by the kernel';
  return [
    compare('TCP stream, pod to pod', 'Gbit/s', measured.stream.ours, { name, values: measured.stream.peer }),
    compare('TCP ping-pong, one way', 'µs', measured.pingPong.ours, { name, values: measured.pingPong.peer }),
  ];
}
