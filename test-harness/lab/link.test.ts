import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Request } from '../../native/index.ts';
import type { Cable } from './cable.ts';
import { Link } from './link.ts';
import type { LinkEnd } from './link-types.ts';
import type { Machine } from './machine.ts';

/** A kernel that has the emulator, which the one that runs the other tests may not. */
vi.mock('./emulator.ts', async (original) => ({
  ...(await original<typeof import('./emulator.ts')>()),
  hasNetem: () => Promise.resolve(true),
}));

describe('a veth link on a kernel with netem', () => {
  const sent: Request[] = [];
  let link: Link;
  beforeEach(() => {
    sent.length = 0;
    const netlink = () =>
      Promise.resolve({ batch: async (requests: Request[]) => void sent.push(...requests), [Symbol.dispose]: () => undefined });
    const end = (name: string, ifindex: number): LinkEnd => ({
      machine: { name, netlink } as unknown as Machine,
      interface: 'eth0',
      ifindex,
      addresses: [],
    });
    const cable: Cable = { kind: 'veth', close: () => undefined };
    link = new Link({ ends: [end('a', 7), end('b', 8)], subnets: [], mtu: 1500 }, cable);
  });

  const operations = () => sent.splice(0).map(({ operation }) => operation);

  it('is shaped by it alone, at both ends', async () => {
    await link.set({ delay: 10, jitter: 1, loss: 0.1, rate: 1e6 });
    expect(link.emulation).toEqual({ delay: 'netem', loss: 'netem', rate: 'netem' });
    expect(operations()).toEqual(['set qdisc netem on interface 7', 'set qdisc netem on interface 8']);
    await link.set({ delay: 10, jitter: 1, loss: 0.1, rate: 1e6 });
    expect(operations()).toEqual([]);
  });

  it('takes a delay while it runs, is cut, mended and plain again', async () => {
    await link.set({ delay: 5 });
    await link.cut();
    expect(link.emulation).toEqual({ delay: 'netem', loss: 'netem' });
    await link.restore();
    expect(link.emulation).toEqual({ delay: 'netem' });
    await link.set({});
    expect(operations().map((words) => words.split(' on ')[0])).toEqual([
      ...Array.from({ length: 6 }, () => 'set qdisc netem'),
      ...Array.from({ length: 2 }, () => 'delete qdisc of interface').map((words, i) => `${words} ${7 + i}`),
    ]);
    expect(link.emulation).toEqual({});
  });

  it('cannot lose its carrier, and stays as it was when it is asked to', async () => {
    await link.set({ loss: 0.5 });
    await expect(link.cut({ carrier: true })).rejects.toMatchObject({ code: 'NO_EMULATION' });
    expect([link.isCut, link.shape]).toEqual([false, { loss: 0.5 }]);
  });
});
