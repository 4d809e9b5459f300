import { describe, expect, it } from 'vitest';
import { deleteRecordName } from '../../conf/delete-record.ts';
import { hostIfname } from '../../conf/names.ts';
import type { Pod } from '../../test-harness/index.ts';
import { type Moment, Ward } from '../fixtures/crash/crash-lab.ts';
import { titled } from '../fixtures/crash/scenarios.ts';
import { shared } from '../fixtures/shared-fixture.ts';

const run = '/run/axoneme';

/** Starts the daemon, which dies, and starts it again. */
async function dying(ward: Ward, moment: Moment): Promise<void> {
  await ward.arm(moment);
  const { signal } = await ward.start().ended;
  expect(signal).toBe('SIGKILL');
  expect(await ward.disarm()).toBe(true);
  await ward.restart();
}

describe('a daemon that dies while it starts', () => {
  let ward: Ward;
  let half: Pod;
  let queued: Pod;
  shared(async () => {
    ward = await Ward.open({ pods: true });
    half = await ward.node.addPod('half');
    queued = await ward.node.addPod('queued');
    return ward;
  });

  it.each(titled('daemon: start'))('%s is made good by the next start', async (_, moment) => {
    await ward.kill();
    await dying(ward, moment);
    await ward.expectBooks();
  });

  it.each(titled('daemon: start with new programs'))('%s, with new programs, is made good by the next start', async (_, moment) => {
    await ward.kill();
    await ward.node.remove(`${run}/programs.sha256`);
    await dying(ward, moment);
    await ward.expectBooks();
  });

  it.each(titled('daemon: start with repairs'))('%s, with something to repair, is made good by the next start', async (_, moment) => {
    await Promise.all([ward.add(half), ward.add(queued)]);
    await ward.kill();
    await makeHalf(half);
    await queue(queued);
    await dying(ward, moment);
    await ward.expectBooks();
  });

  it.each(titled('daemon: start with damage'))(
    '%s, with a record that it cannot read, is made good by the next start',
    async (_, moment) => {
      await ward.kill();
      await ward.node.writeFile(`${run}/endpoints/4711.json`, '{"garbage');
      await dying(ward, moment);
      expect(await ward.node.listFolder(`${run}/endpoints`)).toContain('4711.json.bad');
      await ward.node.remove(`${run}/endpoints/4711.json.bad`);
      await ward.expectBooks();
    },
  );

  it('is not kept from starting by a DEL that takes a device at this moment', async () => {
    await ward.add(half);
    await ward.kill();
    await ward.arm({ step: 'start.podlinks', phase: 'before', nth: 3 }, 'hold');
    ward.start();
    await expect.poll(() => ward.fired()).toBe(true);
    await ward.node.run(['ip', 'link', 'del', hostIfname({ containerId: half.containerId, ifname: 'eth0' })]);
    await ward.disarm();
    await ward.ready();
    await ward.delete(half);
    await ward.expectBooks();
  });

  it('costs the streams between pods nothing', () => ward.expectSteadyTraffic());

  /** As if daemon and plugin had died together before the last step of an ADD. */
  async function makeHalf(pod: Pod): Promise<void> {
    for (const name of await ward.node.listFolder(`${run}/endpoints`)) {
      const record = JSON.parse(await ward.node.readFile(`${run}/endpoints/${name}`));
      if (record.endpoint.containerId !== pod.containerId) continue;
      const endpoint = { ...record.endpoint, state: 'creating' };
      await ward.node.writeFile(`${run}/endpoints/${name}`, JSON.stringify({ ...record, endpoint }));
    }
  }

  async function queue({ containerId }: Pod): Promise<void> {
    const key = { containerId, ifname: 'eth0' };
    const record = { version: 1, ...key, queuedAt: new Date().toISOString() };
    await ward.node.writeFile(`${run}/delete-queue/${deleteRecordName(key)}`, JSON.stringify(record));
  }
});

describe('a daemon that dies while it starts for the first time', () => {
  let ward: Ward;
  shared(async () => {
    ward = await Ward.openBare();
    return ward;
  });

  it.each(titled('daemon: first start'))('%s is made good by the next start', async (_, moment) => {
    await ward.kill();
    await ward.command('daemon', '--cleanup');
    await dying(ward, moment);
    await ward.expectBooks();
    const pod = await ward.node.addPod(`pod-${moment.step}-${moment.phase}`);
    await ward.add(pod);
    await ward.expectBooks(pod);
    await ward.delete(pod);
  });
});
