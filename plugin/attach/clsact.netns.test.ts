import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { programInfo } from '../../native/bpf/info.ts';
import { type BpfObject, loadObject } from '../../native/bpf/object.ts';
import { liveFds } from '../../native/fd.ts';
import { Scratch } from '../../native/fixture.ts';
import { Rtnetlink } from '../../native/netlink/rtnetlink.ts';
import { Netns } from '../../native/netns.ts';
import { clsact } from './clsact.ts';
import { type AttachTarget, detachPrograms, findAttached, type NamedProgram } from './index.ts';

const scratch = new Scratch();
let path: string;
let netlink: Rtnetlink;
let object: BpfObject;
let target: AttachTarget;
let count = 0;

beforeAll(async () => {
  path = await scratch.netns('node');
  using netns = Netns.open(path);
  netlink = await Rtnetlink.open(netns);
  object = await loadObject({ path: scratch.compile('sample') });
});
afterAll(async () => {
  netlink.close();
  object.close();
  await scratch[Symbol.asyncDispose]();
  expect([...liveFds().values()]).toEqual([]);
});

/** A device of its own for each test. */
beforeEach(async () => {
  count++;
  scratch.ip(path, 'link', 'add', `dev${count}`, 'type', 'veth', 'peer', 'name', `peer${count}`);
  const { ifindex } = await netlink.links.get(`dev${count}`);
  target = { ifindex, folder: join(scratch.directory, `links-${count}`) };
  mkdirSync(target.folder);
});

const program = (name: string): NamedProgram => ({ name: `axo_${name}`, fd: object.program(name) });
const idOf = (name: string) => programInfo(object.program(name)).id;
const tc = (...args: string[]) => execFileSync('nsenter', [`--net=${path}`, 'tc', ...args], { encoding: 'utf8', stdio: 'pipe' });
const device = () => `dev${count}`;
const qdiscs = async () =>
  (await netlink.trafficControl.qdiscs()).filter(({ ifindex }) => ifindex === target.ifindex).map(({ kind }) => kind);
const names = async (hook: 'ingress' | 'egress') =>
  (await netlink.trafficControl.filters(target.ifindex, `clsact ${hook}`)).map(({ bpf, kind }) => bpf?.name ?? kind);

async function attachBoth(): Promise<void> {
  await clsact.prepare(netlink, target);
  for (const hook of ['ingress', 'egress'] as const) {
    using held = await clsact.attach(netlink, target, hook, program('pass_packet'));
    held.keep();
  }
}

const detach = () => detachPrograms(async () => netlink, target.folder);

describe('a program in a filter', () => {
  it('is found by what the kernel says, and goes with its qdisc', async () => {
    await attachBoth();
    expect(readdirSync(target.folder)).toEqual([`clsact-${target.ifindex}`]);
    expect(await findAttached(netlink, target, 'egress')).toEqual({
      kind: 'clsact',
      ifindex: target.ifindex,
      programId: idOf('pass_packet'),
    });
    expect(await qdiscs()).toContain('clsact');
    await detach();
    expect(await findAttached(netlink, target, 'egress')).toBeUndefined();
    expect(await qdiscs()).not.toContain('clsact');
    expect(readdirSync(scratch.directory)).not.toContain(`links-${count}`);
  });

  it('is kept, replaced in place, and made again where somebody took it away', async () => {
    expect(await clsact.ensure(netlink, target, 'ingress', program('pass_packet'))).toBe('created');
    expect(await clsact.ensure(netlink, target, 'ingress', program('pass_packet'))).toBe('kept');
    expect(await clsact.ensure(netlink, target, 'ingress', program('count_packet'))).toBe('updated');
    expect(await names('ingress')).toEqual(['axo_count_packet']);
    tc('qdisc', 'delete', 'dev', device(), 'clsact');
    expect(await clsact.inspect(netlink, target, 'ingress')).toBeUndefined();
    expect(await clsact.ensure(netlink, target, 'ingress', program('count_packet'))).toBe('created');
    expect(await clsact.inspect(netlink, target, 'ingress')).toMatchObject({ programId: idOf('count_packet') });
  });

  it('leaves filters of others, and a qdisc that they use', async () => {
    await attachBoth();
    tc('filter', 'add', 'dev', device(), 'egress', 'prio', '9', 'protocol', 'ip', 'u32', 'match', 'u32', '0', '0', 'flowid', '1:1');
    await detach();
    expect([await names('ingress'), await names('egress')]).toEqual([[], ['u32']]);
  });

  it('leaves a qdisc that was there before, also when it is empty then', async () => {
    tc('qdisc', 'add', 'dev', device(), 'clsact');
    await attachBoth();
    expect(readdirSync(target.folder)).toEqual([`filters-${target.ifindex}`]);
    await detach();
    expect([await names('ingress'), await qdiscs()]).toEqual([[], expect.arrayContaining(['clsact'])]);
  });

  it('does not take another filter of its priority for its own', async () => {
    await attachBoth();
    tc('filter', 'delete', 'dev', device(), 'ingress');
    const sample = join(scratch.directory, 'sample.o');
    const bpf = ['bpf', 'direct-action', 'object-file', sample, 'section', 'tc'];
    tc('filter', 'add', 'dev', device(), 'ingress', 'prio', '1', 'handle', '7', ...bpf);
    expect(await findAttached(netlink, target, 'ingress')).toBeUndefined();
    expect(await clsact.ensure(netlink, target, 'ingress', program('pass_packet'))).toBe('created');
    await detach();
    expect(await names('ingress')).toEqual(['sample.o:[tc]']);
  });

  it('is refused where an ingress qdisc would run both programs on what comes in', async () => {
    tc('qdisc', 'add', 'dev', device(), 'ingress');
    await expect(clsact.prepare(netlink, target)).rejects.toThrow(
      `add qdisc clsact to interface ${target.ifindex}: file exists (a qdisc ingress is in its place)`,
    );
    expect(readdirSync(target.folder)).toEqual([]);
  });

  it('is forgotten without ado when its device is gone', async () => {
    await attachBoth();
    scratch.ip(path, 'link', 'delete', device());
    expect(await findAttached(netlink, target, 'ingress')).toBeUndefined();
    await detach();
    expect(readdirSync(scratch.directory)).not.toContain(`links-${count}`);
  });

  it('tells device and reason when the kernel refuses it', async () => {
    const gone = { ...target, ifindex: 9999 };
    await expect(clsact.prepare(netlink, gone)).rejects.toThrow('add qdisc clsact to interface 9999: no such device');
    await expect(clsact.attach(netlink, target, 'ingress', program('pass_packet'))).rejects.toThrow(
      `set filter axo_pass_packet at ingress of interface ${target.ifindex}: invalid argument`,
    );
  });
});
