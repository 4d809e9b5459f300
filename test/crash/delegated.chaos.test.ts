import { describe, expect, it } from 'vitest';
import { type Pod, parseNetwork } from '../../test-harness/index.ts';
import { CrashLab, type Failpoint } from '../fixtures/crash/crash-lab.ts';
import { titled } from '../fixtures/crash/scenarios.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';

/* Addresses of host-local, which keeps files of its own: a further account that must agree. */

const ipam = { type: 'host-local', ranges: [[{ subnet: '10.0.9.0/24' }], [{ subnet: 'fd00::900/120' }]] };
const network = parseNetwork(JSON.stringify({ cniVersion: '1.0.0', name: 'net', plugins: [{ type: 'axoneme-cni', ipam }] }));
const reservations = '/var/lib/cni/networks/net';
const program = '/sys/fs/bpf/axoneme/v1/progs/axo_to_container';

/** The host-local of Debian 12 knows no GC; with this before it in CNI_PATH, it does. */
const withGc = '#!/bin/sh\n[ "$CNI_COMMAND" = GC ] && exit 0\nexec /usr/lib/cni/host-local\n';

describe('with an IPAM plugin', () => {
  let crashLab: CrashLab;
  let podUnderTest: Pod;
  sharedFixture(async () => {
    crashLab = await CrashLab.open({ pods: true, network });
    podUnderTest = await crashLab.node.addPod('victim');
    await crashLab.node.writeFile('/opt/plugins/host-local', withGc);
    await crashLab.node.run(['chmod', '755', '/opt/plugins/host-local']);
    return crashLab;
  });

  /** Container ids that host-local has addresses for, one for each. */
  async function reserved(): Promise<string[]> {
    const files = (await crashLab.node.listFolder(reservations)).filter((name) => /^(10\.|fd)/.test(name));
    const texts = await Promise.all(files.map((name) => crashLab.node.readFile(`${reservations}/${name}`)));
    return texts.map((text) => text.split(/\s/)[0] ?? '').sort();
  }

  /** All accounts agree, and host-local's with them: two addresses for each pod. */
  async function expectBooks(...others: readonly Pod[]): Promise<void> {
    await crashLab.expectBooks(...others);
    expect(await reserved()).toEqual(
      [...crashLab.longLivedPods, ...others].flatMap(({ containerId }) => [containerId, containerId]).sort(),
    );
  }

  /** The ADD dies, and DEL clears away what the daemon cannot know of. */
  async function dyingAdd(failpoint: Failpoint): Promise<void> {
    await crashLab.setFailpoint(failpoint);
    expect(await crashLab.tryAdd(podUnderTest)).toBe(false);
    expect(await crashLab.clearFailpoint()).toBe(true);
    await crashLab.expectBooks();
    await crashLab.delete(podUnderTest);
    await expectBooks();
  }

  const midway: readonly (readonly [string, Failpoint])[] = (['add.pair', 'add.connect', 'add.pin.egress'] as const).map((step) => [
    `after ${step}`,
    { step, phase: 'after' },
  ]);

  it.each([...titled('plugin: ADD with an IPAM plugin'), ...midway])(
    'an ADD that dies %s leaves nothing behind a DEL',
    async (_, failpoint) => {
      await dyingAdd(failpoint);
    },
  );

  it.each(titled('plugin: ADD that fails'))('an ADD that fails and dies %s leaves nothing behind a DEL', async (_, failpoint) => {
    // A folder in the place of the program that an ADD attaches last. A mere gap the daemon would fill meanwhile.
    await crashLab.node.run(['sh', '-c', `mv ${program} ${program}_away; until mkdir ${program}; do rm -f ${program}; done`]);
    try {
      await dyingAdd(failpoint);
    } finally {
      await crashLab.node.run(['sh', '-c', `rmdir ${program}; mv ${program}_away ${program}`]);
    }
  });

  it.each(titled('plugin: DEL with an IPAM plugin'))('a DEL that dies %s is made good by the next DEL', async (_, failpoint) => {
    await crashLab.add(podUnderTest);
    await expectBooks(podUnderTest);
    await crashLab.setFailpoint(failpoint);
    expect(await crashLab.tryDelete(podUnderTest)).toBe(false);
    expect(await crashLab.clearFailpoint()).toBe(true);
    await crashLab.expectBooks();
    await crashLab.delete(podUnderTest);
    await expectBooks();
  });

  it.each(titled('plugin: GC with an IPAM plugin'))('a GC that dies %s is made good by the next GC and DEL', async (_, failpoint) => {
    await crashLab.add(podUnderTest);
    await crashLab.setFailpoint(failpoint);
    expect(await crashLab.collect()).toBe(null);
    expect(await crashLab.clearFailpoint()).toBe(true);
    expect(await crashLab.collect()).toBe(0);
    await crashLab.delete(podUnderTest);
    await expectBooks();
  });

  it.each(titled('daemon: DEL with an IPAM plugin'))('a DEL whose daemon dies %s succeeds all the same', async (_, failpoint) => {
    await crashLab.add(podUnderTest);
    await crashLab.setFailpoint(failpoint);
    const deleted = crashLab.tryDelete(podUnderTest);
    await Promise.race([crashLab.daemon.ended, deleted]);
    expect(await crashLab.clearFailpoint()).toBe(true);
    await crashLab.restart();
    expect(await deleted).toBe(true);
    await expectBooks();
  });

  it('costs the streams between other pods nothing', () => crashLab.expectSteadyTraffic());
});
