import { describe, expect, it } from 'vitest';
import { FileSystemType, statfsType } from '../../native/index.ts';
import { shippedNetworkText } from '../fixtures/axoneme.ts';
import { type Moment, Ward } from '../fixtures/crash/crash-lab.ts';
import { titled } from '../fixtures/crash/scenarios.ts';
import { shared } from '../fixtures/shared-fixture.ts';

/* Files that a runtime may read or start at any moment, and the removal of everything. */

const from = '/opt/from';
const program = '#!/bin/sh\nexit 0\n';
const launcher = '/opt/cni/bin/axoneme-cni';
const cold = '/opt/cni/bin/axoneme-cni-cold';
const conflist = '/etc/cni/net.d/05-axoneme.conflist';
const install = ['install', '--from', from];

describe('an installation', () => {
  let ward: Ward;
  shared(async () => {
    ward = await Ward.open({ pods: false });
    for (const name of ['axoneme-cni', 'axoneme-cni-cold']) await ward.node.writeFile(`${from}/${name}`, program);
    return ward;
  });

  const textOf = async (path: string) => ((await ward.node.exists(path)) ? await ward.node.readFile(path) : undefined);

  const all = () => Promise.all([cold, launcher, conflist].map(textOf));

  /** A runtime sees whole files only, and none without the one that it needs. */
  async function expectWhole(): Promise<void> {
    const wanted = [program, program, shippedNetworkText()];
    const found = await all();
    const there = found.indexOf(undefined);
    expect(found).toEqual(wanted.map((text, index) => (there < 0 || index < there ? text : undefined)));
    const list = found[2];
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
    expect(await all()).toEqual([program, program, shippedNetworkText()]);
  });

  it.each(titled('axoneme: uninstall'))('that is undone and dies %s leaves no half file, and the next completes it', async (_, moment) => {
    await ward.command(...install);
    await dying(moment, ['uninstall']);
    expect(await ward.command('uninstall')).toMatchObject({ code: 0 });
    expect(await all()).toEqual([undefined, undefined, undefined]);
  });
});

describe('a cleanup', () => {
  let ward: Ward;
  shared(async () => {
    ward = await Ward.openBare();
    return ward;
  });

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
