import { describe, expect, it } from 'vitest';
import { FileSystemType, statfsType } from '../../native/index.ts';
import { shippedNetworkText } from '../fixtures/axoneme.ts';
import { CrashLab, type Failpoint } from '../fixtures/crash/crash-lab.ts';
import { titled } from '../fixtures/crash/scenarios.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';

/* Files that a runtime may read or start at any moment, and the removal of everything. */

const from = '/opt/from';
const program = '#!/bin/sh\nexit 0\n';
const launcher = '/opt/cni/bin/axoneme-cni';
const cold = '/opt/cni/bin/axoneme-cni-cold';
const conflist = '/etc/cni/net.d/05-axoneme.conflist';
const install = ['install', '--from', from];

describe('an installation', () => {
  let crashLab: CrashLab;
  sharedFixture(async () => {
    crashLab = await CrashLab.open({ pods: false });
    for (const name of ['axoneme-cni', 'axoneme-cni-cold']) await crashLab.node.writeFile(`${from}/${name}`, program);
    return crashLab;
  });

  const textOf = async (path: string) => ((await crashLab.node.exists(path)) ? await crashLab.node.readFile(path) : undefined);

  const all = () => Promise.all([cold, launcher, conflist].map(textOf));

  /** A runtime sees whole files only, and none without the one that it needs. */
  async function expectWhole(): Promise<void> {
    const wanted = [program, program, shippedNetworkText()];
    const found = await all();
    const there = found.indexOf(undefined);
    expect(found).toEqual(wanted.map((text, index) => (there < 0 || index < there ? text : undefined)));
    const list = found[2];
    const seen = (await crashLab.node.listFolder('/etc/cni/net.d')).filter((name) => /\.(conf|conflist|json)$/.test(name));
    expect(seen).toEqual(list === undefined ? [] : ['05-axoneme.conflist']);
  }

  async function dying(failpoint: Failpoint, command: readonly string[]): Promise<void> {
    await crashLab.setFailpoint(failpoint);
    expect(await crashLab.command(...command)).toMatchObject({ code: null });
    expect(await crashLab.clearFailpoint()).toBe(true);
    await expectWhole();
  }

  it.each(titled('axoneme: install'))('that dies %s leaves no half file, and the next completes it', async (_, failpoint) => {
    await crashLab.node.run(['rm', '-rf', '/opt/cni', '/etc/cni']);
    await dying(failpoint, install);
    expect(await crashLab.command(...install)).toMatchObject({ code: 0 });
    expect(await all()).toEqual([program, program, shippedNetworkText()]);
  });

  it.each(titled('axoneme: uninstall'))(
    'that is undone and dies %s leaves no half file, and the next completes it',
    async (_, failpoint) => {
      await crashLab.command(...install);
      await dying(failpoint, ['uninstall']);
      expect(await crashLab.command('uninstall')).toMatchObject({ code: 0 });
      expect(await all()).toEqual([undefined, undefined, undefined]);
    },
  );
});

describe('a cleanup', () => {
  let crashLab: CrashLab;
  sharedFixture(async () => {
    crashLab = await CrashLab.openBare();
    return crashLab;
  });

  it.each(titled('daemon: cleanup'))('that dies %s is completed by the next', async (_, failpoint) => {
    await crashLab.restart();
    const pod = await crashLab.node.addPod(`pod-${failpoint.step}-${failpoint.phase}-${failpoint.nth}`);
    await crashLab.add(pod);
    await crashLab.kill();
    await crashLab.setFailpoint(failpoint);
    expect(await crashLab.command('daemon', '--cleanup')).toMatchObject({ code: null });
    expect(await crashLab.clearFailpoint()).toBe(true);
    expect(await crashLab.command('daemon', '--cleanup')).toMatchObject({ code: 0 });
    using netlink = await crashLab.node.netlink();
    expect((await netlink.links.list()).map(({ name }) => name)).toEqual(['lo']);
    expect(await crashLab.node.exists('/run/axoneme')).toBe(false);
    expect(await crashLab.node.listFolder('/sys/fs/bpf')).toEqual([]);
    expect(statfsType(await crashLab.node.path('/sys/fs/bpf'))).not.toBe(FileSystemType.bpf);
  });
});
