import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../conf/api/types.ts';
import { attachmentOf, type Pod, Runtime } from '../../test-harness/index.ts';
import { executables } from '../fixtures/axoneme.ts';
import { ask } from '../fixtures/crash/books.ts';
import { CrashLab, type Failpoint } from '../fixtures/crash/crash-lab.ts';
import { patiently } from '../fixtures/try-again.ts';

type Mode = 'veth' | 'netkit';

/*
 * One node on which pods of both kinds live through daemons of both modes; after each step all accounts agree: records, addresses, devices,
 * links, rows of the maps. The order of the tests is that of the node's life.
 */
describe('a node with pods by netkit and by veth', () => {
  let crashLab: CrashLab;
  /** By way of the launcher: on an emulated processor the cold executable takes seconds to begin. */
  let runtime: Runtime;
  const victims = ['deleted', 'collected', 'vanished', 'away', 'homeless'] as const;
  const pods = new Map<string, Pod>();
  /** The victims of this name, one of each kind. */
  const both = (name: (typeof victims)[number]) => (['netkit', 'veth'] as const).map((kind) => pods.get(`${kind}-${name}`) as Pod);
  const later = (name: (typeof victims)[number]) => victims.slice(victims.indexOf(name)).flatMap(both);

  const add = (pod: Pod) => patiently(() => runtime.add(crashLab.network, attachmentOf(pod)));
  const check = (pod: Pod) => patiently(() => runtime.check(crashLab.network, attachmentOf(pod)));
  const remove = (pod: Pod) => patiently(() => runtime.del(crashLab.network, attachmentOf(pod)));
  /** Another daemon, which makes pods in this way. */
  async function start(datapathMode: Mode): Promise<void> {
    await crashLab.configure({ datapathMode });
    await crashLab.restart();
  }
  async function populate(kind: Mode): Promise<void> {
    for (const name of ['steady', ...victims]) {
      const pod = await crashLab.node.addPod(`${kind}-${name}`);
      await add(pod);
      if (name === 'steady') crashLab.longLivedPods.push(pod);
      else pods.set(pod.name, pod);
    }
  }
  /** What is to stay is whole, nothing else is left, and both kinds reach each other. */
  async function expectOnly(...others: readonly Pod[]): Promise<void> {
    await crashLab.expectBooks(...others);
    const [byNetkit, byVeth] = crashLab.longLivedPods as [Pod, Pod];
    for (const pod of [byNetkit, byVeth]) await check(pod);
    await crashLab.expectReach(byVeth);
  }

  beforeAll(async () => {
    crashLab = await CrashLab.open({ pods: false, datapathMode: 'netkit' });
    runtime = new Runtime(crashLab.node, { pluginDirs: [dirname(executables.plugin)] });
    await populate('netkit');
    await start('veth');
    await populate('veth');
  });
  afterAll(() => crashLab[Symbol.asyncDispose]());

  it('finds both kinds whole', async () => {
    for (const pod of later('deleted')) await check(pod);
    await expectOnly(...later('deleted'));
  });

  it('deletes both kinds', async () => {
    for (const pod of both('deleted')) await remove(pod);
    await expectOnly(...later('collected'));
  });

  it('collects both kinds by GC, of one the namespace being gone, and keeps what is valid', async () => {
    for (const pod of both('collected').slice(0, 1)) await crashLab.node.removePod(pod);
    expect(await crashLab.collect(...later('vanished'))).toBe(0);
    await expectOnly(...later('vanished'));
  });

  it('clears at its start what went with its namespace while nobody watched', async () => {
    await crashLab.kill();
    for (const pod of both('vanished')) await crashLab.node.removePod(pod);
    await start('veth');
    await expectOnly(...later('away'));
  });

  it('makes good at its start, in the other mode, the deletes that met no daemon', async () => {
    await crashLab.kill();
    for (const pod of both('away')) await remove(pod);
    for (const pod of both('homeless')) {
      await crashLab.node.removePod(pod);
      await remove(pod);
    }
    await start('netkit');
    await expectOnly();
  });

  it('gives pods of both kinds the records again that it lost', async () => {
    const endpoints = async () =>
      (await ask<Endpoint[]>(crashLab.node, '/v1/endpoints')).map(({ containerId, device }) => ({ containerId, device }));
    const before = await endpoints();
    await crashLab.kill();
    await crashLab.node.remove('/run/axoneme/endpoints');
    await start('netkit');
    expect(await endpoints()).toEqual(before);
    await expectOnly();
  });

  describe('when a process dies in the midst of a pod by netkit', () => {
    let podUnderTest: Pod;
    beforeAll(async () => {
      podUnderTest = await crashLab.node.addPod('victim');
    });

    /** ADD until it has come by the failpoint: a daemon that is slow to answer lets it fail before. Whether it succeeded. */
    async function addOnce(): Promise<boolean> {
      let isAdded = await crashLab.tryAdd(podUnderTest);
      for (let left = 10; left > 0 && !isAdded && !(await crashLab.fired()); left -= 1) isAdded = await crashLab.tryAdd(podUnderTest);
      return isAdded;
    }

    it('the plugin in ADD, with its program attached and not yet pinned', async () => {
      await crashLab.setFailpoint({ step: 'add.attach.ingress', phase: 'after' });
      expect(await addOnce()).toBe(false);
      expect(await crashLab.clearFailpoint()).toBe(true);
      await crashLab.expectBooks();
    });

    /** The daemon dies in what it is asked for, and the next one has the other mode. */
    async function dying(moment: Failpoint, next: Mode, verb: () => Promise<boolean>): Promise<boolean> {
      await crashLab.setFailpoint(moment);
      const outcome = verb();
      await expect.poll(() => crashLab.fired()).toBe(true);
      await crashLab.daemon.ended;
      await crashLab.clearFailpoint();
      await start(next);
      return await outcome;
    }

    it('the daemon in ADD, after rows.device', async () => {
      expect(await dying({ step: 'rows.device', phase: 'after' }, 'netkit', addOnce)).toBe(false);
      await crashLab.expectBooks();
    });

    it('the daemon in DEL, after bury.peer; the next one makes pods by veth', async () => {
      await add(podUnderTest);
      expect(await dying({ step: 'bury.peer', phase: 'after' }, 'veth', () => crashLab.tryDelete(podUnderTest))).toBe(true);
      await crashLab.expectBooks();
      await add(podUnderTest);
      await crashLab.expectReach(podUnderTest);
      await remove(podUnderTest);
      await expectOnly();
    });
  });
});
