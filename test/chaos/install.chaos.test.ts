import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileSystemType, statfsType } from '../../native/index.ts';
import { shippedNetworkText } from '../support/axoneme.ts';
import { titled } from './moments.ts';
import { type Moment, Ward } from './ward.ts';

/* Files that a runtime may read or start at any moment, and the removal of everything. */

const from = '/opt/from';
const program = '#!/bin/sh\nexit 0\n';
const plugin = '/opt/cni/bin/axoneme-cni';
const conflist = '/etc/cni/net.d/05-axoneme.conflist';
const install = ['install', '--from', from];

describe('an installation', () => {
  let ward: Ward;
  beforeAll(async () => {
    ward = await Ward.open({ pods: false });
    await ward.node.writeFile(`${from}/axoneme-cni`, program);
  });
  afterAll(() => ward[Symbol.asyncDispose]());

  const textOf = async (path: string) => ((await ward.node.exists(path)) ? await ward.node.readFile(path) : undefined);

  /** A runtime sees whole files only, and the configuration only with the plugin that it names. */
  async function expectWhole(): Promise<void> {
    const [binary, list] = await Promise.all([textOf(plugin), textOf(conflist)]);
    expect([undefined, program]).toContain(binary);
    expect([undefined, shippedNetworkText()]).toContain(list);
    if (binary === undefined) expect(list).toBe(undefined);
    const seen = (await ward.node.listFolder('/etc/cni/net.d')).filter((name) => /\.(conf|conflist|json)$/.test(name));
    expect(seen).toEqual(list === undefined ? [] : ['05-axoneme.conflist']);
  }

  async function dying(moment: Moment, command: readonly string[]): Promise<void> {
    await ward.arm(moment);
    expect(await ward.command(...command)).toMatchObject({ code: null });
    expect(await ward.disarm()).toBe(true);
    await expectWhole();
  }

  it.each(titled('axoneme: install'))('that dies %s leaves no half file, and the next completes it', async (_, moment) => {
    await ward.node.run(['rm', '-rf', '/opt/cni', '/etc/cni']);
    await dying(moment, install);
    expect(await ward.command(...install)).toMatchObject({ code: 0 });
    expect(await Promise.all([textOf(plugin), textOf(conflist)])).toEqual([program, shippedNetworkText()]);
  });

  it.each(titled('axoneme: uninstall'))('that is undone and dies %s leaves no half file, and the next completes it', async (_, moment) => {
    await ward.command(...install);
    await dying(moment, ['uninstall']);
    expect(await ward.command('uninstall')).toMatchObject({ code: 0 });
    expect(await Promise.all([textOf(plugin), textOf(conflist)])).toEqual([undefined, undefined]);
  });
});

describe('a cleanup', () => {
  let ward: Ward;
  beforeAll(async () => {
    ward = await Ward.open({ pods: false });
    await ward.kill();
    await ward.command('daemon', '--cleanup');
    // the daemon then mounts its own, which the cleanup takes away
    await ward.node.run(['umount', '/sys/fs/bpf']);
  });
  afterAll(() => ward[Symbol.asyncDispose]());

  it.each(titled('daemon: cleanup'))('that dies %s is completed by the next', async (_, moment) => {
    await ward.restart();
    const pod = await ward.node.addPod(`pod-${moment.step}-${moment.phase}-${moment.nth}`);
    await ward.add(pod);
    await ward.kill();
    await ward.arm(moment);
    expect(await ward.command('daemon', '--cleanup')).toMatchObject({ code: null });
    expect(await ward.disarm()).toBe(true);
    expect(await ward.command('daemon', '--cleanup')).toMatchObject({ code: 0 });
    using netlink = await ward.node.netlink();
    expect((await netlink.links.list()).map(({ name }) => name)).toEqual(['lo']);
    expect(await ward.node.exists('/run/axoneme')).toBe(false);
    expect(await ward.node.listFolder('/sys/fs/bpf')).toEqual([]);
    expect(statfsType(await ward.node.path('/sys/fs/bpf'))).not.toBe(FileSystemType.bpf);
  });
});
