import type { ResultRoute } from '../../runtime/result.ts';
import { atLeast } from '../../runtime/version.ts';
import { mustBeSilent, mustFail, mustFailWith, mustSucceed } from '../call.ts';
import type { ConformanceItem } from '../item.ts';
import { hasRoute, listOf, someAddress } from '../look.ts';
import type { Attached } from '../trial.ts';
import { NotApplicable } from '../verdict.ts';

const about = { section: '2 CHECK', since: '0.4.0', verbs: ['ADD', 'CHECK'] } as const;

export const checkItems: readonly ConformanceItem[] = [
  {
    ...about,
    id: 'check-after-add',
    level: 'must',
    title: 'passes right after ADD, without a word on stdout',
    run: async (trial) => {
      const attached = await trial.attach();
      mustBeSilent(mustSucceed(await trial.again('CHECK', attached)));
    },
  },
  {
    ...about,
    id: 'check-prevresult-required',
    level: 'must',
    title: 'fails without prevResult',
    roles: ['interface', 'chained'],
    run: async (trial) => {
      const attached = await trial.attach();
      mustFail(await trial.again('CHECK', attached, { prevResult: null }), 'CHECK without prevResult');
    },
  },
  damage('check-interface-gone', 'the interface', async ({ pod, ifname }) => {
    await pod.run(['ip', 'link', 'delete', ifname]);
  }),
  damage('check-address-gone', 'an address', async (attached) => {
    await attached.pod.run(['ip', 'address', 'delete', someAddress(attached), 'dev', attached.ifname]);
  }),
  damage('check-route-gone', 'a route', async ({ pod, result, ifname }) => {
    const routes = listOf<ResultRoute>(result, 'routes');
    for (const route of routes.toReversed()) {
      if (!(await hasRoute(pod, route))) continue;
      await pod.run(['ip', route.dst.includes(':') ? '-6' : '-4', 'route', 'delete', route.dst, 'dev', ifname]);
      return;
    }
    throw new NotApplicable('the result has no routes');
  }),
  {
    ...about,
    id: 'check-released',
    section: '2 CHECK',
    level: 'should',
    title: 'fails when the address is no longer reserved',
    roles: ['ipam'],
    run: async (trial) => {
      const attached = await trial.attach();
      await trial.detach(attached);
      mustFail(await trial.again('CHECK', attached), 'CHECK after DEL');
    },
  },
  {
    ...about,
    id: 'check-old-version',
    level: 'practice',
    title: 'answers a version that has no CHECK with error 1',
    run: async (trial) => {
      const old = trial.versions.findLast((version) => !atLeast(version, '0.4.0'));
      if (old === undefined) throw new NotApplicable('the plugin speaks no version below 0.4.0');
      const attached = await trial.attach({ version: old });
      mustFailWith(await trial.again('CHECK', attached), [1], `CHECK with cniVersion ${old}`);
    },
  },
];

function damage(id: string, what: string, harm: (attached: Attached) => Promise<void>): ConformanceItem {
  return {
    ...about,
    id,
    level: 'should',
    title: `fails when somebody removed ${what}`,
    roles: ['interface'],
    run: async (trial) => {
      const attached = await trial.attach();
      mustSucceed(await trial.again('CHECK', attached), 'CHECK before the damage');
      await harm(attached);
      mustFail(await trial.again('CHECK', attached), `CHECK after ${what} was removed`);
    },
  };
}
