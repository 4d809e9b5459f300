import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scratch } from '../fixture.ts';
import { Netns } from '../netns.ts';
import { Rtnetlink } from './rtnetlink.ts';

const scratch = new Scratch();
beforeAll(async () => {
  for (const name of ['one', 'two', 'three']) await scratch.netns(name);
});
afterAll(() => scratch[Symbol.asyncDispose]());

it('tells the namespace of the other side of a pair from any other', async () => {
  using one = Netns.open(`${scratch.directory}/one`);
  using two = Netns.open(`${scratch.directory}/two`);
  using three = Netns.open(`${scratch.directory}/three`);
  using netlink = await Rtnetlink.open(one);
  await netlink.links.create({ kind: 'veth', name: 'here', peer: { name: 'there', netns: two } });
  const { linkNetnsId } = await netlink.links.get('here');
  expect(linkNetnsId).toBeGreaterThanOrEqual(0);
  expect(await netlink.links.netnsId(two)).toBe(linkNetnsId);
  expect(await netlink.links.netnsId(three)).toBeUndefined();
  expect(await netlink.links.findWithNetnsId('here', two)).toMatchObject({ link: { name: 'here' }, netnsId: linkNetnsId });
  expect((await netlink.links.findWithNetnsId('here', three)).netnsId).toBeUndefined();
  expect(await netlink.links.findWithNetnsId('gone', two)).toEqual({});
});
