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

it('waits for all who take something back, and for none whose call has ended', async () => {
  const [makers, first, second, third] = [new Makers(), new CallClaim(), new CallClaim(), new CallClaim()];
  for (const claim of [first, second, third]) makers.add('c/eth0', claim);
  first.leave();
  second.leave();
  let isOver = false;
  const waiting = makers.leave('c/eth0', undefined).then(() => {
    isOver = true;
  });
  first.end();
  await makers.leave('d/eth0', undefined);
  expect(isOver).toBe(false);
  second.end();
  await waiting;
  await makers.leave('c/eth0', undefined);
});

it('lets no two makers wait for each other', async () => {
  const [makers, first, second] = [new Makers(), new CallClaim(), new CallClaim()];
  for (const claim of [first, second]) makers.add('c/eth0', claim);
  first.leave();
  second.leave();
  await makers.leave('c/eth0', first);
  const waiting = makers.leave('c/eth0', second);
  first.end();
  await waiting;
});
