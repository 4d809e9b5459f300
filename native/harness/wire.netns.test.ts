import { expect, it } from 'vitest';
import { liveFds, Netns, Rtnetlink } from '../index.ts';
import { measure, openTap, setCarrier, Wire } from './index.ts';

/** A namespace with one numbered device, whose other side is the descriptor. */
async function end(address: string) {
  const netns = await Netns.create();
  const tap = await openTap(netns, 'eth0');
  using netlink = await Rtnetlink.open(netns);
  const { ifindex } = await netlink.links.get('eth0');
  await netlink.addresses.add({ ifindex, address });
  await netlink.links.set(ifindex, { up: true });
  return { netns, tap, ifindex };
}

const median = (values: Float64Array) => values.toSorted()[values.length >> 1] ?? Number.NaN;

it('carries TCP between two TAP devices with the delay that is set', async () => {
  const before = liveFds();
  const [left, right] = [await end('10.0.0.1/24'), await end('10.0.0.2/24')];
  const wire = Wire.start(left.tap, right.tap);
  const meter = { client: left.netns, server: right.netns, family: 4, address: '10.0.0.2', warmup: 20, duration: 150 } as const;
  const quick = await measure({ ...meter, kind: 'roundTrips', bytes: 10 });
  wire.set(5);
  const slow = await measure({ ...meter, kind: 'roundTrips', bytes: 10 });
  expect(median(slow.samples)).toBeGreaterThanOrEqual(10_000);
  expect(median(slow.samples)).toBeGreaterThan(5 * median(quick.samples));
  wire.set(0);
  const stream = await measure({ ...meter, kind: 'stream', bytes: 100_000 });
  expect(stream.bytes).toBeGreaterThan(1_000_000);
  expect((await measure({ ...meter, kind: 'connections', bytes: 1 })).count).toBeGreaterThan(10);
  wire.close();
  wire.close();
  for (const { tap, netns } of [left, right]) {
    tap.close();
    netns.close();
  }
  expect(liveFds()).toEqual(before);
});

it('takes the carrier away, and tells a refused connection', async () => {
  const { netns, tap, ifindex } = await end('10.0.0.1/24');
  using netlink = await Rtnetlink.open(netns);
  setCarrier(tap, false);
  await expect.poll(async () => (await netlink.links.get(ifindex)).operState).toBe('down');
  setCarrier(tap, true);
  await expect.poll(async () => (await netlink.links.get(ifindex)).operState).toBe('up');
  await expect(openTap(netns, 'eth0')).rejects.toMatchObject({ syscall: 'TUNSETIFF', errnoName: 'EBUSY' });
  const apart = { kind: 'connections', family: 4, bytes: 1, warmup: 0, duration: 10 } as const;
  using other = await Netns.create();
  await expect(measure({ ...apart, client: other, server: netns, address: '10.0.0.1' })).rejects.toMatchObject({
    errnoName: 'ENETUNREACH',
  });
  await expect(measure({ ...apart, client: netns, server: other, address: '10.0.0.1' })).rejects.toMatchObject({ syscall: 'connect' });
  tap.close();
  netns.close();
});
