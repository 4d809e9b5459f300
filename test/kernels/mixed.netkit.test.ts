import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../conf/api/types.ts';
import { attachmentOf, type Pod, Runtime } from '../../test-harness/index.ts';
import { executables } from '../fixtures/axoneme.ts';
import { ask } from '../fixtures/crash/books.ts';
import { type Moment, Ward } from '../fixtures/crash/crash-lab.ts';
import { patiently } from '../fixtures/try-again.ts';

type Mode = 'veth' | 'netkit';

/*
 * One node on which pods of both kinds live through daemons of both modes; after each step all accounts agree: records, addresses, devices,
 * links, rows of the maps. The order of the tests is that of the node's life.
 */
describe('a node with pods by netkit and by veth', () => {
  let ward: Ward;
  /** By way of the launcher: on an emulated processor the cold executable takes seconds to begin. */
  let runtime: Runtime;
  const victims = ['deleted', 'collected', 'vanished', 'away', 'homeless'] as const;
  const pods = new Map<string, Pod>();
  /** The victims of this name, one of each kind. */
  const both = (name: (typeof victims)[number]) => (['netkit', 'veth'] as const).map((kind) => pods.get(`${kind}-${name}`) as Pod);
  const later = (name: (typeof victims)[number]) => victims.slice(victims.indexOf(name)).flatMap(both);

  const add = (pod: Pod) => patiently(() => runtime.add(ward.network, attachmentOf(pod)));
  const check = (pod: Pod) => patiently(() => runtime.check(ward.network, attachmentOf(pod)));
  const remove = (pod: Pod) => patiently(() => runtime.del(ward.network, attachmentOf(pod)));
  /** Another daemon, which makes pods in this way. */
  async function start(datapathMode: Mode): Promise<void> {
    await ward.configure({ datapathMode });
    await ward.restart();
  }
  async function populate(kind: Mode): Promise<void> {
    for (const name of ['steady', ...victims]) {
      const pod = await ward.node.addPod(`${kind}-${name}`);
      await add(pod);
      if (name === 'steady') ward.steady.push(pod);
      else pods.set(pod.name, pod);
    }
  }
  /** What is to stay is whole, nothing else is left, and both kinds reach each other. */
  async function expectOnly(...others: readonly Pod[]): Promise<void> {
    await ward.expectBooks(...others);
    const [byNetkit, byVeth] = ward.steady as [Pod, Pod];
    for (const pod of [byNetkit, byVeth]) await check(pod);
    await ward.expectReach(byVeth);
  }

  beforeAll(async () => {
    ward = await Ward.open({ pods: false, datapathMode: 'netkit' });
    runtime = new Runtime(ward.node, { pluginDirs: [dirname(executables.plugin)] });
    await populate('netkit');
    await start('veth');
    await populate('veth');
  });
  afterAll(() => ward[Symbol.asyncDispose]());

  it('finds both kinds whole', async () => {
    for (const pod of later('deleted')) await check(pod);
    await expectOnly(...later('deleted'));
  });

  it('deletes both kinds', async () => {
    for (const pod of both('deleted')) await remove(pod);
    await expectOnly(...later('collected'));
  });

  it('collects both kinds by GC, of one the namespace being gone, and keeps what is valid', async () => {
    for (const pod of both('collected').slice(0, 1)) await ward.node.removePod(pod);
    expect(await ward.collect(...later('vanished'))).toBe(0);
    await expectOnly(...later('vanished'));
  });

  it('clears at its start what went with its namespace while nobody watched', async () => {
    await ward.kill();
    for (const pod of both('vanished')) await ward.node.removePod(pod);
    await start('veth');
    await expectOnly(...later('away'));
  });

  it('makes good at its start, in the other mode, the deletes that met no daemon', async () => {
    await ward.kill();
    for (const pod of both('away')) await remove(pod);
    for (const pod of both('homeless')) {
      await ward.node.removePod(pod);
      await remove(pod);
    }
    await start('netkit');
    await expectOnly();
  });

  it('gives pods of both kinds the records again that it lost', async () => {
    const endpoints = async () =>
      (await ask<Endpoint[]>(ward.node, '/v1/endpoints')).map(({ containerId, device }) => ({ containerId, device }));
    const before = await endpoints();
    await ward.kill();
    await ward.node.remove('/run/axoneme/endpoints');
    await start('netkit');
    expect(await endpoints()).toEqual(before);
    await expectOnly();
  });

  describe('when a process dies in the midst of a pod by netkit', () => {
    let victim: Pod;
    beforeAll(async () => {
      victim = await ward.node.addPod('victim');
    });

    /** ADD until it has come by the failpoint: a daemon that is slow to answer lets it fail before. Whether it succeeded. */
    async function addOnce(): Promise<boolean> {
      let isAdded = await ward.tryAdd(victim);
      for (let left = 10; left > 0 && !isAdded && !(await ward.fired()); left -= 1) isAdded = await ward.tryAdd(victim);
      return isAdded;
    }

    it('the plugin in ADD, with its program attached and not yet pinned', async () => {
      await ward.arm({ step: 'add.attach.ingress', phase: 'after' });
      expect(await addOnce()).toBe(false);
      expect(await ward.disarm()).toBe(true);
      await ward.expectBooks();
    });

    /** The daemon dies in what it is asked for, and the next one has the other mode. */
    async function dying(moment: Moment, next: Mode, verb: () => Promise<boolean>): Promise<boolean> {
      await ward.arm(moment);
      const outcome = verb();
      await expect.poll(() => ward.fired()).toBe(true);
      await ward.daemon.ended;
      await ward.disarm();
      await start(next);
      return await outcome;
    }

    it('the daemon in ADD, after rows.device', async () => {
      expect(await dying({ step: 'rows.device', phase: 'after' }, 'netkit', addOnce)).toBe(false);
      await ward.expectBooks();
    });

    it('the daemon in DEL, after bury.peer; the next one makes pods by veth', async () => {
      await add(victim);
      expect(await dying({ step: 'bury.peer', phase: 'after' }, 'veth', () => ward.tryDelete(victim))).toBe(true);
      await ward.expectBooks();
      await add(victim);
      await ward.expectReach(victim);
      await remove(victim);
      await expectOnly();
    });
  });
});
