import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../conf/api/types.ts';
import { attachmentOf, CniError, fillDisk, makeReadOnly, type Pod } from '../../test-harness/index.ts';
import { ask } from '../fixtures/crash/books.ts';
import { CrashLab } from '../fixtures/crash/crash-lab.ts';

const run = '/run/axoneme';

describe('a state folder', () => {
  let crashLab: CrashLab;
  let podUnderTest: Pod;
  beforeEach(async () => {
    crashLab = await CrashLab.open({ pods: true });
    podUnderTest = await crashLab.node.addPod('victim');
  });
  afterEach(() => crashLab[Symbol.asyncDispose]());

  const refused = (pod: Pod) =>
    crashLab.runtime.add(crashLab.network, attachmentOf(pod)).then(
      () => 'success',
      (error: unknown) => (error instanceof CniError ? error.message : String(error)),
    );
  const identities = async () =>
    (await ask<Endpoint[]>(crashLab.node, '/v1/endpoints')).map(
      ({ id, containerId, ifname, ipv4, ipv6, mac, hostMac, hostIfindex, mtu }) => ({
        ...{ id, containerId, ifname, ipv4, ipv6, mac, hostMac, hostIfindex, mtu },
      }),
    );
  /** Messages of the daemon's log, by the file that they name. */
  const told = () =>
    Object.fromEntries(
      crashLab.daemon.stderr
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line))
        .filter(({ file }) => file !== undefined)
        .map(({ file, msg }) => [String(file).replace(`${run}/`, ''), msg]),
    );

  it('that is full refuses ADDs, lets pods go, and works again when there is room', async () => {
    await crashLab.add(podUnderTest);
    await crashLab.kill();
    const full = await fillDisk(crashLab.node, run);
    await crashLab.restart('degraded');
    const other = await crashLab.node.addPod('other');
    expect(await refused(other)).toMatch(/no space left on device/);
    await crashLab.expectBooks(podUnderTest);
    await crashLab.delete(podUnderTest);
    await crashLab.expectBooks();
    await full.lift();
    await crashLab.add(other);
    await crashLab.expectReach(other);
    await crashLab.expectBooks(other);
    await crashLab.delete(other);
    await crashLab.expectBooks();
    await crashLab.expectSteadyTraffic();
  });

  it('that turns read-only refuses ADDs and DELs with the reason, and works again when it is mended', async () => {
    await crashLab.add(podUnderTest);
    const other = await crashLab.node.addPod('other');
    const frozen = await makeReadOnly(crashLab.node, run);
    expect(await refused(other)).toMatch(/read-only file system/);
    expect(await crashLab.tryDelete(podUnderTest)).toBe(false);
    await frozen.lift();
    await crashLab.delete(podUnderTest);
    await crashLab.add(other);
    await crashLab.expectBooks(other);
    await crashLab.delete(other);
    await crashLab.expectBooks();
    await crashLab.expectSteadyTraffic();
  });

  it('that is read-only at start keeps the daemon from starting, with the reason, and pods from nothing', async () => {
    await crashLab.kill();
    const frozen = await makeReadOnly(crashLab.node, run);
    const failed = crashLab.start();
    expect(await failed.ended).toEqual({ code: 1, signal: null });
    expect(failed.stderr).toMatch(/read-only file system/);
    await frozen.lift();
    await crashLab.restart();
    await crashLab.expectBooks();
    await crashLab.expectSteadyTraffic();
  });

  it('with damaged records loses no pod, moves them aside and says so', async () => {
    const damages: readonly ((text: string) => string)[] = [
      () => '',
      () => '{"garbage',
      (text) => text.slice(0, 100),
      (text) => text.replace('"version":1', '"version":2'),
      (text) => text.replace('"state":"ready"', '"state":"dreaming"'),
      (text) => text.replace(/"id":\d+/, '"id":4711'),
      () => '\u0000'.repeat(200),
    ];
    const pods = await Promise.all(damages.map((_, index) => crashLab.node.addPod(`damaged${index}`)));
    for (const pod of pods) await crashLab.add(pod);
    const before = await identities();
    await crashLab.kill();
    const ids: number[] = [];
    for (const [index, damage] of damages.entries()) {
      const id = before.find(({ containerId }) => containerId === pods[index]?.containerId)?.id ?? 0;
      const path = `${run}/endpoints/${id}.json`;
      await crashLab.node.writeFile(path, damage(await crashLab.node.readFile(path)));
      ids.push(id);
    }
    await crashLab.node.writeFile(`${run}/endpoints/notes.txt`, 'by a person');
    await crashLab.restart();
    expect(await identities()).toEqual(before);
    expect(told()).toEqual({
      ...Object.fromEntries(ids.map((id) => [`endpoints/${id}.json.bad`, 'moved a bad endpoint record aside'])),
      'endpoints/notes.txt': 'left a file alone that is no record',
    });
    for (const pod of pods) await crashLab.expectReach(pod);
    for (const name of [...ids.map((id) => `${id}.json.bad`), 'notes.txt']) await crashLab.node.remove(`${run}/endpoints/${name}`);
    await crashLab.expectBooks(...pods);
    await crashLab.add(podUnderTest);
    await Promise.all([podUnderTest, ...pods].map((pod) => crashLab.delete(pod)));
    await crashLab.expectBooks();
    await crashLab.expectSteadyTraffic();
  });

  it('that is lost altogether is made anew from the kernel', async () => {
    await crashLab.add(podUnderTest);
    const before = await identities();
    await crashLab.kill();
    await crashLab.node.remove(run);
    await crashLab.restart();
    expect(await identities()).toEqual(before);
    await crashLab.expectBooks(podUnderTest);
    await crashLab.delete(podUnderTest);
    await crashLab.expectBooks();
    await crashLab.expectSteadyTraffic();
  });

  it.each([
    ['garbage', 'nothing good'],
    ['of a newer version', '{"version":2,"ipam":{},"routers":{}}'],
  ])('whose ipam.json is %s gives the same gateways and the same addresses again', async (_what, text) => {
    const before = await identities();
    const routers = await crashLab.node.readFile(`${run}/ipam.json`);
    await crashLab.kill();
    await crashLab.node.writeFile(`${run}/ipam.json`, text);
    await crashLab.restart();
    expect(await identities()).toEqual(before);
    expect(await crashLab.node.readFile(`${run}/ipam.json`)).toBe(routers);
    expect(told()).toEqual({ 'ipam.json.bad': 'moved a bad ipam file aside' });
    await crashLab.expectBooks();
    await crashLab.expectSteadyTraffic();
  });

  it('whose delete queue holds garbage moves it aside and replays the rest', async () => {
    await crashLab.add(podUnderTest);
    await crashLab.kill();
    await crashLab.delete(podUnderTest);
    await crashLab.node.writeFile(`${run}/delete-queue/garbage.json`, '{');
    await crashLab.node.writeFile(`${run}/delete-queue/newer.json`, '{"version":2}');
    await crashLab.restart();
    const queue = `${run}/delete-queue`;
    expect(await crashLab.node.listFolder(queue)).toEqual(['garbage.json.bad', 'newer.json.bad']);
    for (const name of await crashLab.node.listFolder(queue)) await crashLab.node.remove(`${queue}/${name}`);
    await crashLab.expectBooks();
    await crashLab.expectSteadyTraffic();
  });
});
