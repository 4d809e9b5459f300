import { openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fd, liveFds } from '../fd.ts';
import { Scratch } from '../fixture.ts';
import { Netns } from '../netns.ts';
import { AttachType, LinkType } from './constants.ts';
import { linkInfo, programInfo } from './info.ts';
import { createLink, detachLink, updateLink } from './link.ts';
import { type BpfObject, loadObject } from './object.ts';
import { getPinned, pin } from './pin.ts';
import { attachedPrograms, programById } from './query.ts';

const scratch = new Scratch();
let object: BpfObject;
let netns: Netns;
let bpffs: string;
let ifindex: number;

beforeAll(async () => {
  bpffs = await scratch.bpffs();
  netns = Netns.open(await scratch.netns('node'));
  scratch.ip(netns.path, 'link', 'add', 'lxc0', 'type', 'veth', 'peer', 'name', 'pod0');
  ifindex = indexOf('lxc0');
  object = await loadObject({ path: scratch.compile('sample') });
});
afterAll(async () => {
  object.close();
  netns.close();
  await scratch[Symbol.asyncDispose]();
  expect([...liveFds().values()]).toEqual([]);
});

const indexOf = (name: string) => Number(/^(\d+):/.exec(scratch.ip(netns.path, '-o', 'link', 'show', name))?.[1]);
const program = (name: string) => object.program(name);

describe('tcx links', () => {
  it('attach, update, detach', async () => {
    using link = await createLink({ program: program('count_packet'), ifindex, netns, attachType: AttachType.tcxIngress });
    const expected = { type: LinkType.tcx, ifindex, attachType: AttachType.tcxIngress };
    expect(await linkInfo(link)).toMatchObject({ ...expected, programId: programInfo(program('count_packet')).id });
    await updateLink(link, program('pass_packet'));
    expect(await linkInfo(link)).toMatchObject({ ...expected, programId: programInfo(program('pass_packet')).id });
    await detachLink(link);
    expect((await linkInfo(link)).ifindex).toBe(0);
    await expect(updateLink(link, program('count_packet'))).rejects.toMatchObject({ errnoName: 'ENOLINK' });
  });

  it('live on in a pin and go with it', async () => {
    const path = join(bpffs, 'ingress');
    const link = await createLink({ program: program('count_packet'), ifindex, netns, attachType: AttachType.tcxEgress });
    pin(link, path);
    const { id } = await linkInfo(link);
    link.close();
    using again = getPinned(path);
    expect(await linkInfo(again)).toMatchObject({ id, ifindex });
    await detachLink(again);
  });

  it('run first when asked to', async () => {
    using last = await createLink({ program: program('count_packet'), ifindex, netns, attachType: AttachType.tcxIngress });
    using first = await createLink({ program: program('pass_packet'), ifindex, netns, attachType: AttachType.tcxIngress, first: true });
    const ids = await attachedPrograms({ ifindex, netns, attachType: AttachType.tcxIngress });
    expect(ids).toEqual([programInfo(program('pass_packet')).id, programInfo(program('count_packet')).id]);
    using opened = programById(ids[0] ?? 0);
    expect(programInfo(opened).name).toBe('pass_packet');
    expect((await linkInfo(last)).id).not.toBe((await linkInfo(first)).id);
  });

  it('name interface, program and reason when they fail', async () => {
    const options = { program: program('count_packet'), ifindex: 9999, netns, attachType: AttachType.tcxIngress };
    await expect(createLink(options)).rejects.toThrow('attach program count_packet to interface 9999 (tcxIngress): no such device');
  });

  it('attach in the namespace given, not in the own one', async () => {
    using link = await createLink({ program: program('count_packet'), ifindex, netns, attachType: AttachType.tcxIngress });
    expect((await linkInfo(link)).ifindex).toBe(ifindex);
    expect(await attachedPrograms({ ifindex, netns, attachType: AttachType.tcxIngress })).toEqual([(await linkInfo(link)).programId]);
    using own = Netns.current();
    expect(own.equals(netns)).toBe(false);
    await expect(attachedPrograms({ ifindex: 9999, attachType: AttachType.tcxIngress })).rejects.toThrow(
      'list programs on interface 9999: no such device',
    );
  });

  it('fall defunct with their device', async () => {
    scratch.ip(netns.path, 'link', 'add', 'lxc1', 'type', 'veth', 'peer', 'name', 'pod1');
    using link = await createLink({ program: program('count_packet'), ifindex: indexOf('lxc1'), netns, attachType: AttachType.tcxIngress });
    scratch.ip(netns.path, 'link', 'delete', 'lxc1');
    expect((await linkInfo(link)).ifindex).toBe(0);
  });
});

describe('XDP links', () => {
  it('attach natively and generically, one at a time', async () => {
    for (const xdpMode of ['native', 'generic'] as const) {
      using link = await createLink({ program: program('pass_xdp'), ifindex, netns, attachType: AttachType.xdp, xdpMode });
      expect(await linkInfo(link)).toMatchObject({ type: LinkType.xdp, ifindex, attachType: AttachType.xdp });
      expect(scratch.ip(netns.path, 'link', 'show', 'lxc0')).toContain(xdpMode === 'native' ? ' xdp ' : ' xdpgeneric ');
      const second = createLink({ program: program('pass_xdp'), ifindex, netns, attachType: AttachType.xdp, xdpMode });
      await expect(second).rejects.toMatchObject({ errnoName: 'EBUSY' });
      await detachLink(link);
    }
  });
});

describe('cgroup links', () => {
  it('attach to a cgroup of ours', async () => {
    const path = scratch.cgroup('axo-native');
    using cgroup = Fd.adopt(openSync(path, 'r'), `cgroup ${path}`);
    using link = await createLink({ program: program('allow_connect'), cgroup, attachType: AttachType.cgroupInet4Connect });
    const info = await linkInfo(link);
    expect(info).toMatchObject({ type: LinkType.cgroup, attachType: AttachType.cgroupInet4Connect });
    expect(info.cgroupId).toBe(BigInt(statSync(path, { bigint: true }).ino));
    expect(readFileSync(join(path, 'cgroup.procs'), 'utf8')).toBe('');
    await detachLink(link);
    const wrong = createLink({ program: program('pass_packet'), cgroup, attachType: AttachType.cgroupInet4Connect });
    await expect(wrong).rejects.toThrow(`attach program pass_packet to cgroup ${path} (cgroupInet4Connect): invalid argument`);
  });
});
