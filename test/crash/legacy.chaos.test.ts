import { describe, expect, it } from 'vitest';
import { probe } from '../../native/index.ts';
import type { Pod } from '../../test-harness/index.ts';
import { CrashLab, type Failpoint } from '../fixtures/crash/crash-lab.ts';
import { inWords, titled } from '../fixtures/crash/scenarios.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';

const hasTcx = (await probe('tcx')) === 'yes';

/** Where an ADD with filters differs from one with links: the qdisc and its mark, then one filter, then both. */
const failpoints = (['before', 'after'] as const).flatMap((phase) =>
  (['add.folder', 'add.attach.ingress', 'add.attach.egress'] as const).map((step): Failpoint => ({ step, phase })),
);

describe('a node with Legacy TC', () => {
  let crashLab: CrashLab;
  let podUnderTest: Pod;
  sharedFixture(async () => {
    crashLab = await CrashLab.open({ pods: true, legacy: true });
    podUnderTest = await crashLab.node.addPod('victim');
    return crashLab;
  });

  it.each(failpoints.map((failpoint) => [inWords(failpoint), failpoint] as const))(
    'on which a plugin dies %s has nothing left of the pod',
    async (_, failpoint) => {
      await crashLab.setFailpoint(failpoint);
      expect(await crashLab.tryAdd(podUnderTest)).toBe(false);
      expect(await crashLab.clearFailpoint()).toBe(true);
      await crashLab.expectBooks();
      await crashLab.add(podUnderTest);
      await crashLab.expectBooks(podUnderTest);
      await crashLab.delete(podUnderTest);
      await crashLab.expectBooks();
    },
  );

  it.skipIf(!hasTcx).each(titled('daemon: start in the other mode'))(
    'whose daemon dies %s comes to the other mode with the next start',
    async (_, failpoint) => {
      for (const legacy of [false, true]) {
        await crashLab.kill();
        await crashLab.configure({ legacy });
        await crashLab.setFailpoint(failpoint);
        expect((await crashLab.start().ended).signal).toBe('SIGKILL');
        expect(await crashLab.clearFailpoint()).toBe(true);
        await crashLab.restart();
        await crashLab.expectBooks();
      }
    },
  );

  it('has cost the streams between other pods nothing', () => crashLab.expectSteadyTraffic());
});
