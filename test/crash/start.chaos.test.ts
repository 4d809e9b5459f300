import { describe, expect, it } from 'vitest';
import { deleteRecordName } from '../../conf/delete-record.ts';
import { hostIfname } from '../../conf/names.ts';
import type { Pod } from '../../test-harness/index.ts';
import { CrashLab, type Failpoint } from '../fixtures/crash/crash-lab.ts';
import { titled } from '../fixtures/crash/scenarios.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';

const run = '/run/axoneme';

/** Starts the daemon, which dies, and starts it again. */
async function dying(crashLab: CrashLab, failpoint: Failpoint): Promise<void> {
  await crashLab.setFailpoint(failpoint);
  const { signal } = await crashLab.start().ended;
  expect(signal).toBe('SIGKILL');
  expect(await crashLab.clearFailpoint()).toBe(true);
  await crashLab.restart();
}

describe('a daemon that dies while it starts', () => {
  let crashLab: CrashLab;
  let half: Pod;
  let queued: Pod;
  sharedFixture(async () => {
    crashLab = await CrashLab.open({ pods: true });
    half = await crashLab.node.addPod('half');
    queued = await crashLab.node.addPod('queued');
    return crashLab;
  });

  it.each(titled('daemon: start'))('%s is made good by the next start', async (_, failpoint) => {
    await crashLab.kill();
    await dying(crashLab, failpoint);
    await crashLab.expectBooks();
  });

  it.each(titled('daemon: start with new programs'))('%s, with new programs, is made good by the next start', async (_, failpoint) => {
    await crashLab.kill();
    await crashLab.node.remove(`${run}/programs.sha256`);
    await dying(crashLab, failpoint);
    await crashLab.expectBooks();
  });

  it.each(titled('daemon: start with repairs'))('%s, with something to repair, is made good by the next start', async (_, failpoint) => {
    await Promise.all([crashLab.add(half), crashLab.add(queued)]);
    await crashLab.kill();
    await makeHalf(half);
    await queue(queued);
    await dying(crashLab, failpoint);
    await crashLab.expectBooks();
  });

  it.each(titled('daemon: start with damage'))(
    '%s, with a record that it cannot read, is made good by the next start',
    async (_, failpoint) => {
      await crashLab.kill();
      await crashLab.node.writeFile(`${run}/endpoints/4711.json`, '{"garbage');
      await dying(crashLab, failpoint);
      expect(await crashLab.node.listFolder(`${run}/endpoints`)).toContain('4711.json.bad');
      await crashLab.node.remove(`${run}/endpoints/4711.json.bad`);
      await crashLab.expectBooks();
    },
  );

  it('is not kept from starting by a DEL that takes a device at this moment', async () => {
    await crashLab.add(half);
    await crashLab.kill();
    await crashLab.setFailpoint({ step: 'start.podlinks', phase: 'before', nth: 3 }, 'hold');
    crashLab.start();
    await expect.poll(() => crashLab.fired()).toBe(true);
    await crashLab.node.run(['ip', 'link', 'del', hostIfname({ containerId: half.containerId, ifname: 'eth0' })]);
    await crashLab.clearFailpoint();
    await crashLab.ready();
    await crashLab.delete(half);
    await crashLab.expectBooks();
  });

  it('costs the streams between pods nothing', () => crashLab.expectSteadyTraffic());

  /** As if daemon and plugin had died together before the last step of an ADD. */
  async function makeHalf(pod: Pod): Promise<void> {
    for (const name of await crashLab.node.listFolder(`${run}/endpoints`)) {
      const record = JSON.parse(await crashLab.node.readFile(`${run}/endpoints/${name}`));
      if (record.endpoint.containerId !== pod.containerId) continue;
      const endpoint = { ...record.endpoint, state: 'creating' };
      await crashLab.node.writeFile(`${run}/endpoints/${name}`, JSON.stringify({ ...record, endpoint }));
    }
  }

  async function queue({ containerId }: Pod): Promise<void> {
    const key = { containerId, ifname: 'eth0' };
    const record = { version: 1, ...key, queuedAt: new Date().toISOString() };
    await crashLab.node.writeFile(`${run}/delete-queue/${deleteRecordName(key)}`, JSON.stringify(record));
  }
});

describe('a daemon that dies while it starts for the first time', () => {
  let crashLab: CrashLab;
  sharedFixture(async () => {
    crashLab = await CrashLab.openBare();
    return crashLab;
  });

  it.each(titled('daemon: first start'))('%s is made good by the next start', async (_, failpoint) => {
    await crashLab.kill();
    await crashLab.command('daemon', '--cleanup');
    await dying(crashLab, failpoint);
    await crashLab.expectBooks();
    const pod = await crashLab.node.addPod(`pod-${failpoint.step}-${failpoint.phase}`);
    await crashLab.add(pod);
    await crashLab.expectBooks(pod);
    await crashLab.delete(pod);
  });
});
