import { mustSucceed } from '../call.ts';
import type { ConformanceItem } from '../item.ts';
import { addressesOf } from '../look.ts';
import { mustBecomeEqual } from '../snapshots.ts';
import { Deviation } from '../verdict.ts';

/** Containers at a time: enough to meet in every lock, few enough for a small machine. */
const CONTAINERS = 6;

export const concurrencyItems: readonly ConformanceItem[] = [
  {
    id: 'concurrent-containers',
    section: '3 Lifecycle & ordering',
    level: 'must',
    title: 'serves different containers at the same time',
    since: '0.1.0',
    verbs: ['ADD', 'DEL'],
    run: async (trial) => {
      await trial.warmUp();
      const before = await trial.look();
      const pods = await Promise.all(Array.from({ length: CONTAINERS }, () => trial.pod()));
      const attached = await Promise.all(pods.map((pod) => trial.attach({ pod })));
      const addresses = attached.flatMap(({ result }) => addressesOf(result));
      const shared = addresses.filter((address, i) => addresses.indexOf(address) !== i);
      if (shared.length > 0) throw new Deviation(`several containers have ${shared.join(', ')}`);
      for (const call of await Promise.all(attached.map((one) => trial.again('DEL', one)))) mustSucceed(call);
      for (const one of attached) await trial.endOfContainer(one);
      await mustBecomeEqual(before, () => trial.look(), 'left behind on the node');
    },
  },
  {
    id: 'concurrent-add-and-del',
    section: '3 Lifecycle & ordering',
    level: 'must',
    title: 'serves ADD of some containers and DEL of others at the same time',
    since: '0.1.0',
    verbs: ['ADD', 'DEL'],
    run: async (trial) => {
      const old = [await trial.attach(), await trial.attach(), await trial.attach()];
      const pods = await Promise.all(old.map(() => trial.pod()));
      const [dels] = await Promise.all([
        Promise.all(old.map((one) => trial.again('DEL', one))),
        Promise.all(pods.map((pod) => trial.attach({ pod }))),
      ]);
      for (const call of dels) mustSucceed(call);
    },
  },
];
