import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scratch } from '../fixture.ts';
import { Netns } from '../netns.ts';
import { Rtnetlink } from './rtnetlink.ts';

const scratch = new Scratch();
let path: string;
let netlink: Rtnetlink;
let left: number;
let right: number;

const tc = (...args: string[]) => execFileSync('nsenter', [`--net=${path}`, 'tc', ...args], { encoding: 'utf8' });

beforeAll(async () => {
  path = await scratch.netns('tc');
  scratch.ip(path, 'link', 'add', 'left', 'type', 'veth', 'peer', 'name', 'right');
  using ns = Netns.open(path);
  netlink = await Rtnetlink.open(ns);
  left = (await netlink.links.get('left')).ifindex;
  right = (await netlink.links.get('right')).ifindex;
});
afterAll(async () => {
  netlink.close();
  await scratch[Symbol.asyncDispose]();
});

it('reads what tc made: a token bucket and clsact', async () => {
  tc('qdisc', 'add', 'dev', 'left', 'root', 'handle', '1:', 'tbf', 'rate', '8mbit', 'burst', '20000', 'limit', '50000');
  tc('qdisc', 'add', 'dev', 'right', 'clsact');
  const qdiscs = await netlink.trafficControl.qdiscs();
  const [bucket, hook] = ['tbf', 'clsact'].map((kind) => qdiscs.find((qdisc) => qdisc.kind === kind));
  expect(bucket).toMatchObject({ ifindex: left, kind: 'tbf', handle: '1:', parent: 'root', tbf: { rate: 1_000_000n, limit: 50_000 } });
  expect(Number(bucket?.tbf?.burst)).toBeGreaterThan(19_990);
  expect(Number(bucket?.tbf?.burst)).toBeLessThanOrEqual(20_000);
  expect(hook).toEqual({ ifindex: right, kind: 'clsact', handle: 'ffff:', parent: 'ingress' });
});

it('reads BPF and u32 filters with their actions, and leaves hash tables out', async () => {
  const object = scratch.compile('sample');
  tc('filter', 'add', 'dev', 'right', 'ingress', 'prio', '3', 'bpf', 'direct-action', 'object-file', object, 'section', 'tc');
  const mirred = ['action', 'mirred', 'egress', 'redirect', 'dev', 'left'];
  tc('filter', 'add', 'dev', 'right', 'egress', 'protocol', 'ip', 'u32', 'match', 'u32', '0', '0', ...mirred);
  expect(await netlink.trafficControl.filters(right, 'clsact ingress')).toMatchObject([
    { ifindex: right, parent: 'clsact ingress', kind: 'bpf', priority: 3, bpf: { direct: true } },
  ]);
  expect(await netlink.trafficControl.filters(right, 'clsact egress')).toMatchObject([
    { kind: 'u32', protocol: 0x0800, actions: [{ kind: 'mirred', ifindex: left }] },
  ]);
  expect(await netlink.trafficControl.filters(left, '1:')).toEqual([]);
  expect(await netlink.trafficControl.filters(left, 'clsact ingress')).toEqual([]);
});
