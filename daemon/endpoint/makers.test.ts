import { expect, it } from 'vitest';
import { CallClaim } from '../cni/claim.ts';
import { Makers } from './makers.ts';

it('lets nobody but the maker go on while it takes back what it did', async () => {
  const [makers, maker, other] = [new Makers(), new CallClaim(), new CallClaim()];
  makers.add('c/eth0', maker);
  await makers.leave('c/eth0', other);
  maker.leave();
  const order: string[] = [];
  const waiting = makers.leave('c/eth0', other).then(() => order.push('other'));
  await makers.leave('c/eth0', maker);
  order.push('maker');
  maker.end();
  await waiting;
  expect(order).toEqual(['maker', 'other']);
});

it('remembers the last maker only, and none whose call has ended', async () => {
  const [makers, first, second] = [new Makers(), new CallClaim(), new CallClaim()];
  makers.add('c/eth0', first);
  makers.add('c/eth0', second);
  first.end();
  second.leave();
  const waiting = makers.leave('c/eth0', undefined);
  second.end();
  await waiting;
  await makers.leave('c/eth0', undefined);
});
