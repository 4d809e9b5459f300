import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveFds } from '../../native/index.ts';
import { hasNetem } from './emulator.ts';
import { Lab, type Link, type Machine, ping, tcpEcho } from './testing.ts';

/** Milliseconds of the fastest of some echoes: the others met neighbour discovery, or a busy machine. */
async function roundTrip(from: Machine, to: Machine): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 4; i += 1) times.push(Number(/time=([\d.]+) ms/.exec((await ping(from, to)).output)?.[1]));
  return Math.min(...times);
}

/** Of 100 echo requests, those that were answered. */
async function answered(from: Machine, to: Machine): Promise<number> {
  const { stdout } = await from.exec(['ping', '-q', '-n', '-i', '0.005', '-c', '100', '-W', '1', await to.address(4)]);
  return Number(/(\d+) received/.exec(stdout)?.[1]);
}

describe('links that are worse than a cable', async () => {
  const netem = await hasNetem();
  let lab: Lab;
  let machines: readonly [Machine, Machine, Machine];
  let slow: Link;
  let plain: Link;
  beforeAll(async () => {
    lab = await Lab.create({
      hosts: { left: {}, right: {} },
      routers: { middle: {} },
      links: [{ between: ['left', 'middle'], delay: 20, mtu: 1400, relay: true }, { between: ['middle', 'right'] }],
    });
    machines = [lab.machine('left'), lab.machine('middle'), lab.machine('right')];
    [slow, plain] = lab.links as [Link, Link];
  });
  afterAll(() => lab.close());

  it('delay what passes, each way, and say by what means', async () => {
    expect(slow.emulation).toEqual({ delay: 'relay' });
    const [far, near] = [await roundTrip(machines[0], machines[1]), await roundTrip(machines[1], machines[2])];
    expect(far).toBeGreaterThanOrEqual(40);
    expect(near).toBeLessThan(far);
    expect(await tcpEcho(machines[0], machines[2], { bytes: 1_000_000, family: 6, timeout: 60_000 })).toMatchObject({ reached: true });
  });

  it('change while they run', async () => {
    await slow.set({ delay: 2, jitter: 1 });
    expect(await roundTrip(machines[0], machines[1])).toBeGreaterThanOrEqual(2);
    await slow.set({ delay: 20 });
    const delayed = await roundTrip(machines[0], machines[1]);
    expect(delayed).toBeGreaterThanOrEqual(40);
    await slow.set({});
    expect(slow.emulation).toEqual({});
    expect(await roundTrip(machines[0], machines[1])).toBeLessThan(delayed);
  });

  it('refuse a larger packet than their MTU', async () => {
    expect(await ping(machines[0], machines[1], { packetSize: 1401, dontFragment: true })).toMatchObject({ reached: false });
    expect(await ping(machines[0], machines[1], { packetSize: 1400, dontFragment: true })).toMatchObject({ reached: true });
  });

  it('lose some, all, or nothing', async () => {
    await ping(machines[1], machines[2]);
    await plain.set({ loss: 0.3 });
    expect(plain.emulation).toEqual({ loss: netem ? 'netem' : 'ebpf' });
    // both ways: 0.49 of the echoes come back; 17 to 83 are six standard deviations around it
    const some = await answered(machines[1], machines[2]);
    expect(some).toBeGreaterThan(16);
    expect(some).toBeLessThan(84);
    await plain.set({ loss: 1 });
    expect(await ping(machines[1], machines[2], { timeout: 200 })).toMatchObject({ reached: false, reason: 'timeout' });
    await plain.set({});
    expect(await answered(machines[1], machines[2])).toBe(100);
  });

  it('let no more through than their rate', async () => {
    const transfer = async () => {
      const { reached, duration } = await tcpEcho(machines[1], machines[2], { bytes: 2_000_000, timeout: 60_000 });
      expect(reached).toBe(true);
      return duration;
    };
    await plain.set({ rate: 20_000_000 });
    expect(plain.emulation).toEqual({ rate: netem ? 'netem' : 'tbf' });
    const limited = await transfer();
    await plain.set({});
    // 16 Mbit there and back, which overlap, at 20 Mbit/s
    expect(limited).toBeGreaterThan(700);
    expect(await transfer()).toBeLessThan(limited);
    expect(await machines[1].run(['tc', 'qdisc', 'show', 'dev', 'eth1'])).not.toContain('tbf');
  });

  it.each(['relay', 'veth'] as const)('are cut without a word, and mended (%s)', async (kind) => {
    const link = kind === 'relay' ? slow : plain;
    const [from, to] = link.ends.map((end) => end.machine) as [Machine, Machine];
    await link.set(kind === 'relay' ? { delay: 3 } : { loss: 0.0001 });
    const before = link.emulation;
    await link.cut();
    expect(link.isCut).toBe(true);
    expect(await ping(from, to, { timeout: 200 })).toMatchObject({ reached: false, reason: 'timeout' });
    expect(await ping(to, from, { timeout: 200 })).toMatchObject({ reached: false, reason: 'timeout' });
    await link.restore();
    expect(await ping(from, to)).toMatchObject({ reached: true });
    expect([link.emulation, link.isCut]).toEqual([before, false]);
    await link.set({});
  });

  it('lose their carrier where they are relays, and keep addresses and routes', async () => {
    const show = () => machines[0].run(['ip', 'route', 'show', 'dev', 'eth0']);
    const before = await show();
    await slow.cut({ carrier: true });
    await expect.poll(async () => (await show()).replaceAll('linkdown ', '')).toBe(before);
    const isDown = async () =>
      (await show())
        .trim()
        .split('\n')
        .every((line) => line.trim().endsWith('linkdown'));
    await expect.poll(isDown).toBe(true);
    await slow.restore();
    await expect.poll(show).toBe(before);
    await expect.poll(() => ping(machines[0], machines[2], { timeout: 500 })).toMatchObject({ reached: true });
  });

  it('take changes one after the other', async () => {
    await Promise.all([plain.set({ loss: 0.5 }), plain.cut(), plain.set({ rate: 1e9 }), plain.restore()]);
    expect([plain.shape, plain.isCut]).toEqual([{ rate: 1e9 }, false]);
    expect(await ping(machines[1], machines[2])).toMatchObject({ reached: true });
    await plain.set({});
  });

  it('refuse what they cannot do', async () => {
    await expect(plain.cut({ carrier: true })).rejects.toMatchObject({ code: 'NO_EMULATION' });
    await expect(plain.set({ loss: 2 })).rejects.toMatchObject({ code: 'BAD_SHAPE' });
    if (!netem) await expect(plain.set({ delay: 5 })).rejects.toThrow('delay the link between middle and right: this kernel has no netem');
    expect(plain.isCut).toBe(false);
  });
});

describe('a lab with an address plan', () => {
  it('numbers links and pod networks from it, routes them, and knows all machines by name', async () => {
    await using lab = await Lab.create({
      nodes: { node1: {}, node2: { nameservers: ['203.0.113.53'] } },
      routers: { gateway: {} },
      hosts: { lonely: {} },
      links: [{ between: ['node1', 'gateway'] }, { between: ['node2', 'gateway'] }],
      addresses: { links: ['192.168.0.0/16', 'fd00:1::/48'], pods: ['10.244.0.0/16', 'fd00:10:244::/48'] },
    });
    const [node1, node2] = [lab.node('node1'), lab.node('node2')];
    expect(await node2.addresses()).toEqual(['192.168.1.1/24', 'fd00:1:0:1::1/64']);
    expect(lab.podNetworks('node2').map(({ subnet }) => subnet)).toEqual(['10.244.1.0/24', 'fd00:10:244:1::/64']);
    expect(await lab.machine('gateway').run(['ip', 'route', 'show', '10.244.1.0/24'])).toContain('via 192.168.1.1');
    expect(await node1.run(['ip', '-6', 'route', 'show', 'fd00:10:244:1::/64'])).toContain('via fd00:1::2');
    expect(await node1.run(['getent', 'ahostsv4', 'node2'])).toContain('192.168.1.1');
    expect(await (await node1.addPod('p')).run(['getent', 'hosts', 'node2'])).toContain('fd00:1:0:1::1');
    expect(await lab.machine('lonely').run(['getent', 'hosts', 'lonely'])).toContain('127.0.1.1');
    expect(await node2.readFile('/etc/resolv.conf')).toContain('nameserver 203.0.113.53');
  });
});

describe('a relay', () => {
  it('leaves no descriptor behind, also when a machine goes first', async () => {
    const before = liveFds();
    const lab = await Lab.create({ hosts: { a: {}, b: {} }, links: [{ between: ['a', 'b'], relay: true, loss: 0.5 }] });
    await lab.machine('a')[Symbol.asyncDispose]();
    await lab.close();
    expect(liveFds()).toEqual(before);
  });
});
