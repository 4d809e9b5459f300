import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../conf/api/types.ts';
import { attachmentOf, CniError, fillDisk, makeReadOnly, type Pod } from '../../test-harness/index.ts';
import { ask } from '../fixtures/crash/books.ts';
import { Ward } from '../fixtures/crash/crash-lab.ts';

const run = '/run/axoneme';

describe('a state folder', () => {
  let ward: Ward;
  let victim: Pod;
  beforeEach(async () => {
    ward = await Ward.open({ pods: true });
    victim = await ward.node.addPod('victim');
  });
  afterEach(() => ward[Symbol.asyncDispose]());

  const refused = (pod: Pod) =>
    ward.runtime.add(ward.network, attachmentOf(pod)).then(
      () => 'success',
      (error: unknown) => (error instanceof CniError ? error.message : String(error)),
    );
  const identities = async () =>
    (await ask<Endpoint[]>(ward.node, '/v1/endpoints')).map(({ id, containerId, ifname, ipv4, ipv6, mac, hostMac, hostIfindex, mtu }) => ({
      ...{ id, containerId, ifname, ipv4, ipv6, mac, hostMac, hostIfindex, mtu },
    }));
  /** Messages of the daemon's log, by the file that they name. */
  const told = () =>
    Object.fromEntries(
      ward.daemon.stderr
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line))
        .filter(({ file }) => file !== undefined)
        .map(({ file, msg }) => [String(file).replace(`${run}/`, ''), msg]),
    );

  it('that is full refuses ADDs, lets pods go, and works again when there is room', async () => {
    await ward.add(victim);
    await ward.kill();
    const full = await fillDisk(ward.node, run);
    await ward.restart('degraded');
    const other = await ward.node.addPod('other');
    expect(await refused(other)).toMatch(/no space left on device/);
    await ward.expectBooks(victim);
    await ward.delete(victim);
    await ward.expectBooks();
    await full.lift();
    await ward.add(other);
    await ward.expectReach(other);
    await ward.expectBooks(other);
    await ward.delete(other);
    await ward.expectBooks();
    await ward.expectSteadyTraffic();
  });

  it('that turns read-only refuses ADDs and DELs with the reason, and works again when it is mended', async () => {
    await ward.add(victim);
    const other = await ward.node.addPod('other');
    const frozen = await makeReadOnly(ward.node, run);
    expect(await refused(other)).toMatch(/read-only file system/);
    expect(await ward.tryDelete(victim)).toBe(false);
    await frozen.lift();
    await ward.delete(victim);
    await ward.add(other);
    await ward.expectBooks(other);
    await ward.delete(other);
    await ward.expectBooks();
    await ward.expectSteadyTraffic();
  });

  it('that is read-only at start keeps the daemon from starting, with the reason, and pods from nothing', async () => {
    await ward.kill();
    const frozen = await makeReadOnly(ward.node, run);
    const failed = ward.start();
    expect(await failed.ended).toEqual({ code: 1, signal: null });
    expect(failed.stderr).toMatch(/read-only file system/);
    await frozen.lift();
    await ward.restart();
    await ward.expectBooks();
    await ward.expectSteadyTraffic();
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
    const pods = await Promise.all(damages.map((_, index) => ward.node.addPod(`damaged${index}`)));
    for (const pod of pods) await ward.add(pod);
    const before = await identities();
    await ward.kill();
    const ids: number[] = [];
    for (const [index, damage] of damages.entries()) {
      const id = before.find(({ containerId }) => containerId === pods[index]?.containerId)?.id ?? 0;
      const path = `${run}/endpoints/${id}.json`;
      await ward.node.writeFile(path, damage(await ward.node.readFile(path)));
      ids.push(id);
    }
    await ward.node.writeFile(`${run}/endpoints/notes.txt`, 'by a person');
    await ward.restart();
    expect(await identities()).toEqual(before);
    expect(told()).toEqual({
      ...Object.fromEntries(ids.map((id) => [`endpoints/${id}.json.bad`, 'moved a bad endpoint record aside'])),
      'endpoints/notes.txt': 'left a file alone that is no record',
    });
    for (const pod of pods) await ward.expectReach(pod);
    for (const name of [...ids.map((id) => `${id}.json.bad`), 'notes.txt']) await ward.node.remove(`${run}/endpoints/${name}`);
    await ward.expectBooks(...pods);
    await ward.add(victim);
    await Promise.all([victim, ...pods].map((pod) => ward.delete(pod)));
    await ward.expectBooks();
    await ward.expectSteadyTraffic();
  });

  it('that is lost altogether is made anew from the kernel', async () => {
    await ward.add(victim);
    const before = await identities();
    await ward.kill();
    await ward.node.remove(run);
    await ward.restart();
    expect(await identities()).toEqual(before);
    await ward.expectBooks(victim);
    await ward.delete(victim);
    await ward.expectBooks();
    await ward.expectSteadyTraffic();
  });

  it.each([
    ['garbage', 'nothing good'],
    ['of a newer version', '{"version":2,"ipam":{},"routers":{}}'],
  ])('whose ipam.json is %s gives the same gateways and the same addresses again', async (_what, text) => {
    const before = await identities();
    const routers = await ward.node.readFile(`${run}/ipam.json`);
    await ward.kill();
    await ward.node.writeFile(`${run}/ipam.json`, text);
    await ward.restart();
    expect(await identities()).toEqual(before);
    expect(await ward.node.readFile(`${run}/ipam.json`)).toBe(routers);
    expect(told()).toEqual({ 'ipam.json.bad': 'moved a bad ipam file aside' });
    await ward.expectBooks();
    await ward.expectSteadyTraffic();
  });

  it('whose delete queue holds garbage moves it aside and replays the rest', async () => {
    await ward.add(victim);
    await ward.kill();
    await ward.delete(victim);
    await ward.node.writeFile(`${run}/delete-queue/garbage.json`, '{');
    await ward.node.writeFile(`${run}/delete-queue/newer.json`, '{"version":2}');
    await ward.restart();
    const queue = `${run}/delete-queue`;
    expect(await ward.node.listFolder(queue)).toEqual(['garbage.json.bad', 'newer.json.bad']);
    for (const name of await ward.node.listFolder(queue)) await ward.node.remove(`${queue}/${name}`);
    await ward.expectBooks();
    await ward.expectSteadyTraffic();
  });
});
