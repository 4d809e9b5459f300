import { mustBeSilent, mustSucceed } from '../call.ts';
import type { ConformanceItem } from '../item.ts';
import type { RequestOptions } from '../request.ts';
import { lookAt, mustBecomeEqual, mustEqual } from '../snapshots.ts';
import type { Attached, Trial } from '../trial.ts';
import { Deviation } from '../verdict.ts';

const about = { section: '2 DEL', since: '0.1.0', verbs: ['ADD', 'DEL'] } as const;

export const delItems: readonly ConformanceItem[] = [
  {
    ...about,
    id: 'del-interface-gone',
    level: 'must',
    roles: ['interface'],
    title: 'takes the interface away',
    run: async (trial) => {
      const attached = await trial.attach();
      await trial.detach(attached);
      using netlink = await attached.pod.netlink();
      if ((await netlink.links.find(attached.ifname)) !== undefined) throw new Deviation(`${attached.ifname} is still in the namespace`);
    },
  },
  {
    ...about,
    id: 'del-leaves-nothing',
    level: 'should',
    title: 'leaves the node as it was before ADD',
    run: (trial) => mustReturn(trial, (attached) => trial.again('DEL', attached).then(mustSucceed)),
  },
  {
    ...about,
    id: 'del-twice',
    level: 'should',
    since: '0.3.0',
    title: 'succeeds a second and a third time',
    run: async (trial) => {
      const attached = await trial.attach();
      for (const what of ['DEL', 'the second DEL', 'the third DEL']) mustSucceed(await trial.again('DEL', attached), what);
    },
  },
  {
    ...about,
    id: 'del-never-added',
    level: 'should',
    since: '0.3.0',
    title: 'succeeds for a container that was never added',
    run: async (trial) => {
      mustSucceed(await trial.call('DEL', await trial.pod()), 'DEL of a container that was never added');
    },
  },
  {
    ...about,
    id: 'del-no-prevresult',
    level: 'should',
    since: '0.4.0',
    title: 'succeeds and cleans up without prevResult',
    run: (trial) => mustReturn(trial, (attached) => mustSucceedWith(trial, attached, { prevResult: null }, 'without prevResult')),
  },
  {
    ...about,
    id: 'del-netns-unset',
    level: 'should',
    since: '0.4.0',
    title: 'succeeds and cleans up without CNI_NETNS, the namespace being gone',
    run: (trial) =>
      mustReturn(trial, async (attached) => {
        await trial.removePod(attached.pod);
        await mustSucceedWith(trial, attached, { env: { CNI_NETNS: undefined } }, 'without CNI_NETNS');
      }),
  },
  {
    ...about,
    id: 'del-netns-empty',
    level: 'should',
    since: '0.4.0',
    title: 'succeeds and cleans up with an empty CNI_NETNS and no prevResult, the namespace being gone',
    run: (trial) =>
      mustReturn(trial, async (attached) => {
        await trial.removePod(attached.pod);
        await mustSucceedWith(trial, attached, { env: { CNI_NETNS: '' }, prevResult: null }, 'with an empty CNI_NETNS and no prevResult');
      }),
  },
  {
    ...about,
    id: 'del-netns-gone',
    level: 'should',
    since: '0.3.0',
    title: 'succeeds and cleans up when the namespace is gone',
    run: (trial) =>
      mustReturn(trial, async (attached) => {
        await trial.removePod(attached.pod);
        await mustSucceedWith(trial, attached, {}, 'when the namespace is gone');
      }),
  },
  {
    ...about,
    id: 'del-after-interface-removed',
    level: 'should',
    since: '0.3.0',
    roles: ['interface', 'chained'],
    title: 'succeeds and cleans up when somebody removed the interface',
    run: (trial) =>
      mustReturn(trial, async (attached) => {
        await attached.pod.run(['ip', 'link', 'delete', attached.ifname]);
        await mustSucceedWith(trial, attached, {}, 'when the interface was removed');
      }),
  },
  {
    ...about,
    id: 'del-silent',
    level: 'practice',
    title: 'writes nothing to stdout',
    run: async (trial) => {
      const attached = await trial.attach();
      mustBeSilent(mustSucceed(await trial.again('DEL', attached)));
      mustBeSilent(mustSucceed(await trial.again('DEL', attached), 'the second DEL'));
    },
  },
  {
    ...about,
    id: 'del-others-untouched',
    level: 'must',
    title: 'leaves another container of the network as it is',
    run: async (trial) => {
      const [other, attached] = [await trial.attach(), await trial.attach()];
      const before = await lookAt(other.pod);
      await trial.detach(attached);
      mustEqual(before, await lookAt(other.pod), 'DEL of one container changed another');
    },
  },
  {
    ...about,
    id: 'del-other-ifname-untouched',
    level: 'must',
    since: '0.3.0',
    roles: ['interface'],
    title: 'takes away one of two interfaces of a container and leaves the other',
    run: async (trial) => {
      const first = await trial.attach();
      const second = await trial.attach({ pod: first.pod, ifname: 'net1' });
      await trial.detach(second);
      using netlink = await first.pod.netlink();
      if ((await netlink.links.find('eth0')) === undefined) throw new Deviation('DEL of net1 took eth0 away');
      if ((await netlink.links.find('net1')) !== undefined) throw new Deviation('DEL of net1 left it there');
    },
  },
];

async function mustSucceedWith(trial: Trial, attached: Attached, options: RequestOptions, what: string): Promise<void> {
  mustSucceed(await trial.again('DEL', attached, options), `DEL ${what}`);
}

/** The node is the same before ADD and after DEL and the removal of the container. */
async function mustReturn(trial: Trial, del: (attached: Attached) => Promise<unknown>): Promise<void> {
  await trial.warmUp();
  const before = await trial.look();
  const attached = await trial.attach();
  await del(attached);
  await trial.endOfContainer(attached);
  await mustBecomeEqual(before, () => trial.look(), 'left behind on the node');
}
