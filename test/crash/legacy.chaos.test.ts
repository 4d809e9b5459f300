import { describe, expect, it } from 'vitest';
import { probe } from '../../native/index.ts';
import type { Pod } from '../../test-harness/index.ts';
import { type Moment, Ward } from '../fixtures/crash/crash-lab.ts';
import { inWords, titled } from '../fixtures/crash/scenarios.ts';
import { shared } from '../fixtures/shared-fixture.ts';

const hasTcx = (await probe('tcx')) === 'yes';

/** Where an ADD with filters differs from one with links: the qdisc and its mark, then one filter, then both. */
const moments = (['before', 'after'] as const).flatMap((phase) =>
  (['add.folder', 'add.attach.ingress', 'add.attach.egress'] as const).map((step): Moment => ({ step, phase })),
);

describe('a node with Legacy TC', () => {
  let ward: Ward;
  let victim: Pod;
  shared(async () => {
    ward = await Ward.open({ pods: true, legacy: true });
    victim = await ward.node.addPod('victim');
    return ward;
  });

  it.each(moments.map((moment) => [inWords(moment), moment] as const))(
    'on which a plugin dies %s has nothing left of the pod',
    async (_, moment) => {
      await ward.arm(moment);
      expect(await ward.tryAdd(victim)).toBe(false);
      expect(await ward.disarm()).toBe(true);
      await ward.expectBooks();
      await ward.add(victim);
      await ward.expectBooks(victim);
      await ward.delete(victim);
      await ward.expectBooks();
    },
  );

  it.skipIf(!hasTcx).each(titled('daemon: start in the other mode'))(
    'whose daemon dies %s comes to the other mode with the next start',
    async (_, moment) => {
      for (const legacy of [false, true]) {
        await ward.kill();
        await ward.configure({ legacy });
        await ward.arm(moment);
        expect((await ward.start().ended).signal).toBe('SIGKILL');
        expect(await ward.disarm()).toBe(true);
        await ward.restart();
        await ward.expectBooks();
      }
    },
  );

  it('has cost the streams between other pods nothing', () => ward.expectSteadyTraffic());
});
