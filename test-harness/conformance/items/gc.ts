import type { Snapshot } from '../../snapshot/snapshot.ts';
import { mustBeSilent, mustSucceed } from '../call.ts';
import type { ConformanceItem } from '../item.ts';
import { lookAt, mustBecomeEqual, mustEqual } from '../snapshots.ts';
import type { Attached, Trial } from '../trial.ts';
import { Deviation } from '../verdict.ts';

const about = { section: '2 GC', since: '1.1.0', verbs: ['ADD', 'GC'], roles: ['interface', 'ipam'] } as const;

export const gcItems: readonly ConformanceItem[] = [
  {
    ...about,
    id: 'gc-keeps-valid',
    level: 'must',
    title: 'leaves the attachments that are listed as valid, without a word on stdout',
    run: async (trial) => {
      const kept = [await trial.attach(), await trial.attach({ ifname: 'net1' })];
      const before = await lookIntoAll(kept);
      mustBeSilent(mustSucceed(await collect(trial, keysOf(kept))));
      await mustAllPass(trial, kept);
      const after = await lookIntoAll(kept);
      for (const [i, one] of before.entries()) mustEqual(one, after[i] ?? one, 'GC changed a valid container');
    },
  },
  {
    ...about,
    id: 'gc-frees-others',
    level: 'should',
    title: 'frees what attachments hold that are not listed',
    run: (trial) => mustFree(trial, (kept) => keysOf([kept])),
  },
  {
    ...about,
    id: 'gc-by-ifname',
    level: 'should',
    title: 'tells the interfaces of one container apart',
    roles: ['interface'],
    run: async (trial) => {
      const kept = await trial.attach();
      await trial.attach({ pod: kept.pod, ifname: 'net1' });
      mustSucceed(await collect(trial, keysOf([kept])));
      await mustAllPass(trial, [kept]);
      using netlink = await kept.pod.netlink();
      if ((await netlink.links.find('net1')) !== undefined) throw new Deviation('net1 is still there, and it is not listed');
    },
  },
  {
    ...about,
    id: 'gc-empty-list',
    level: 'should',
    title: 'frees all when the list is empty',
    run: (trial) => mustFreeAll(trial, []),
  },
  {
    ...about,
    id: 'gc-null-list',
    level: 'practice',
    title: 'takes null, which the reference library sends, for an empty list',
    run: (trial) => mustFreeAll(trial, null),
  },
  {
    ...about,
    id: 'gc-key-absent',
    level: 'practice',
    title: 'frees nothing when there is no list, whether it refuses or not',
    run: async (trial) => {
      const attached = await trial.attach();
      await trial.ask('GC');
      await mustAllPass(trial, [attached]);
    },
  },
  {
    ...about,
    id: 'gc-other-network',
    level: 'must',
    title: 'leaves the attachments of other networks',
    run: async (trial) => {
      const attached = await trial.attach();
      await trial.ask('GC', { config: { name: 'another-network', 'cni.dev/valid-attachments': [] } });
      await mustAllPass(trial, [attached]);
    },
  },
];

function lookIntoAll(attached: readonly Attached[]): Promise<Snapshot[]> {
  return Promise.all(attached.map(({ pod }) => lookAt(pod)));
}

interface Key {
  readonly containerID: string;
  readonly ifname: string;
}

function keysOf(attached: readonly Attached[]): Key[] {
  return attached.map(({ pod, ifname }) => ({ containerID: pod.containerId, ifname }));
}

function collect(trial: Trial, valid: readonly Key[] | null): ReturnType<Trial['ask']> {
  return trial.ask('GC', { config: { 'cni.dev/valid-attachments': valid, 'cni.dev/attachments': valid } });
}

async function mustAllPass(trial: Trial, kept: readonly Attached[]): Promise<void> {
  for (const attached of kept) mustSucceed(await trial.again('CHECK', attached), `CHECK of ${attached.ifname} after GC`);
}

/** A container whose namespace is gone without DEL: afterwards the node is as it was before its ADD, and another container is well. */
async function mustFree(trial: Trial, valid: (kept: Attached) => readonly Key[]): Promise<void> {
  await trial.warmUp();
  const kept = await trial.attach();
  const before = await trial.look();
  const lost = await trial.attach();
  await trial.removePod(lost.pod);
  mustSucceed(await collect(trial, valid(kept)));
  await mustBecomeEqual(before, () => trial.look(), 'GC left on the node');
  await mustAllPass(trial, [kept]);
}

async function mustFreeAll(trial: Trial, valid: readonly Key[] | null): Promise<void> {
  await trial.warmUp();
  const before = await trial.look();
  const lost = await trial.attach();
  await trial.removePod(lost.pod);
  mustSucceed(await collect(trial, valid));
  await mustBecomeEqual(before, () => trial.look(), 'GC left on the node');
}
