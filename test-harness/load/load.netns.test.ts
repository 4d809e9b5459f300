import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveFds } from '../../native/index.ts';
import { attachmentOf, Lab, type Link, load, type Machine, type Network, type Node, parseNetwork, Runtime } from '../index.ts';

const ptp = { type: 'ptp', ipam: { type: 'host-local', ranges: [[{ subnet: '10.9.0.0/28' }]] } };
const network = (plugin: object): Network =>
  parseNetwork(JSON.stringify({ cniVersion: '1.0.0', name: 'net', plugins: [plugin] }), 'net.conflist');

describe('many pods', () => {
  let lab: Lab;
  let node: Node;
  let runtime: Runtime;
  beforeAll(async () => {
    lab = await Lab.create({ nodes: { node1: {} } });
    node = lab.node('node1');
    runtime = new Runtime(node, { pluginDirs: ['/usr/lib/cni', '/opt/cni/bin'] });
  });
  afterAll(() => lab.close());

  it('are attached and deleted in parallel, each timed', async () => {
    const report = await load.attach(runtime, network(ptp), { pods: 8, concurrency: 4 });
    expect(report.failures).toEqual([]);
    expect([report.durations.length, report.deletion?.durations.length, report.pods.length]).toEqual([8, 8, 0]);
    expect(report.percentiles?.median).toBeLessThanOrEqual(report.percentiles?.p95 ?? 0);
    expect(report.perSecond).toBeGreaterThan(0);
    expect(node.pods.size).toBe(0);
    expect(await node.run(['ip', '-br', 'link', 'show', 'type', 'veth'])).toBe('');
  });

  it('really run at once', async () => {
    const script = '#!/bin/sh\ncat > /dev/null\nsleep 0.5\necho \'{"cniVersion": "1.0.0"}\'\n';
    await node.writeFile('/opt/cni/bin/sleepy', script, 0o755);
    const took = async (concurrency: number) =>
      (await load.attach(runtime, network({ type: 'sleepy' }), { pods: 4, concurrency })).perSecond;
    expect((await took(4)) / (await took(1))).toBeGreaterThan(1.5);
  });

  it('tell which of them failed and why, and are all cleaned up', async () => {
    // 16 addresses: network, gateway and broadcast are taken
    const report = await load.attach(runtime, network(ptp), { pods: 16, concurrency: 4 });
    expect([report.durations.length, report.failures.length]).toEqual([13, 3]);
    expect(report.failures[0]).toMatchObject({ verb: 'ADD', error: { message: expect.stringContaining('no IP addresses available') } });
    expect(await node.run(['ip', '-br', 'link', 'show', 'type', 'veth'])).toBe('');
  });

  it('stay when they shall', async () => {
    const seen: number[] = [];
    const report = await load.attach(runtime, network(ptp), {
      pods: 2,
      keep: true,
      attachment: (_, index) => {
        seen.push(index);
        return { ifname: `net${index}` };
      },
    });
    expect(seen).toEqual([0, 1]);
    expect(await report.pods[1]?.run(['ip', '-br', 'link', 'show', 'net1'])).toContain('UP');
    for (const [i, pod] of report.pods.entries()) await runtime.del(network(ptp), attachmentOf(pod, { ifname: `net${i}` }));
  });

  it('must be a number of pods, on a node', async () => {
    await expect(load.attach(runtime, network(ptp), { pods: 0 })).rejects.toMatchObject({ code: 'BAD_LOAD' });
  });
});

describe('meters', () => {
  let lab: Lab;
  let ends: readonly [Machine, Machine];
  let link: Link;
  const short = { duration: 200, warmup: 20 } as const;
  beforeAll(async () => {
    lab = await Lab.create({ hosts: { a: {}, b: {} }, links: [{ between: ['a', 'b'], relay: true }] });
    ends = [lab.machine('a'), lab.machine('b')];
    [link] = lab.links as [Link];
  });
  afterAll(() => lab.close());

  it('see a delay: in round trips, handshakes and connections per second', async () => {
    const [a, b] = ends;
    const before = liveFds();
    const meter = async () => ({
      trip: await load.roundTrip(a, b, { ...short, family: 6 }),
      datagram: await load.roundTrip(a, b, { ...short, protocol: 'udp' }),
      connections: await load.connectionRate(a, b, short),
    });
    const near = await meter();
    await link.set({ delay: 5 });
    const far = await meter();
    await link.set({});
    // 5 ms each way: in microseconds, and with the relay's own time on top
    expect(far.trip.roundTrip.median).toBeGreaterThanOrEqual(10_000);
    expect(far.trip.roundTrip.median).toBeLessThan(2 * 10_000 + 10 * near.trip.roundTrip.median);
    expect(far.datagram.roundTrip.median).toBeGreaterThanOrEqual(10_000);
    expect(near.datagram.roundTrip.median).toBeLessThan(far.datagram.roundTrip.median);
    expect(far.connections.handshake.median).toBeGreaterThanOrEqual(10_000);
    expect(near.connections.perSecond / far.connections.perSecond).toBeGreaterThan(3);
    expect(liveFds()).toEqual(before);
  });

  it('see a rate in throughput', async () => {
    const [a, b] = ends;
    const free = await load.throughput(a, b, short);
    await link.set({ rate: 20e6 });
    const limited = await load.throughput(a, b, { duration: 500, warmup: 300 });
    await link.set({});
    expect(limited.bitsPerSecond / 20e6).toBeGreaterThan(0.4);
    expect(limited.bitsPerSecond / 20e6).toBeLessThan(1.3);
    expect(free.bitsPerSecond / limited.bitsPerSecond).toBeGreaterThan(3);
  });

  it('can be pinned to processors, and say when nothing is there', async () => {
    const [a, b] = ends;
    expect((await load.roundTrip(a, b, { ...short, clientCpu: 0, serverCpu: 0, bytes: 1000 })).count).toBeGreaterThan(10);
    await expect(load.roundTrip(a, b, { ...short, serverCpu: 4096 })).rejects.toMatchObject({ syscall: 'sched_setaffinity' });
    await expect(load.throughput(a, b, { ...short, address: '::1' })).rejects.toMatchObject({ errnoName: 'ECONNREFUSED' });
  });

  it('compare two paths in turns', async () => {
    const [a, b] = ends;
    const trip = (delay: number) => async () => {
      await link.set({ delay });
      return (await load.roundTrip(a, b, { duration: 400, warmup: 50 })).roundTrip.median;
    };
    const { ratio, interval } = await load.compare(trip(32), trip(4), { rounds: 4 });
    expect(ratio).toBeGreaterThan(1.3);
    expect(interval[0]).toBeLessThanOrEqual(ratio);
    expect(interval[1]).toBeGreaterThanOrEqual(ratio);
  });
});
