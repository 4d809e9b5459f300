import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { EchoStream, Lab } from '../index.ts';

test('a stream tells a gap of the network from one of its own process', async () => {
  await using lab = await Lab.create({ hosts: { a: {}, b: {} }, links: [{ between: ['a', 'b'] }] });
  const [a, b] = [lab.machine('a'), lab.machine('b')];
  const held = await EchoStream.open(a, b);
  await sleep(50);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  const { longestGap, sent, echoed } = await held.stop();
  expect({ echoed, isShort: longestGap < 2900 }).toEqual({ echoed: sent, isShort: true });
  const cut = await EchoStream.open(a, b);
  await sleep(50);
  await b.run(['ip', 'link', 'set', 'eth0', 'down']);
  await sleep(700);
  await b.run(['ip', 'link', 'set', 'eth0', 'up']);
  expect((await cut.stop()).longestGap).toBeGreaterThan(500);
});
