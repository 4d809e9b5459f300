import { describe, expect, it } from 'vitest';
import type { Pod } from '../../test-harness/index.ts';
import { shared } from '../support/shared.ts';
import { titled } from './moments.ts';
import { type Moment, Ward } from './ward.ts';

describe('a daemon that dies while it serves', () => {
  let ward: Ward;
  let victim: Pod;
  shared(async () => {
    ward = await Ward.open({ pods: true });
    victim = await ward.node.addPod('victim');
    return ward;
  });

  /** Does what kills the daemon, and starts it anew as soon as it is dead, as a service manager does. */
  async function dying(moment: Moment, verb: () => Promise<boolean>): Promise<boolean> {
    await ward.arm(moment);
    const outcome = verb();
    await Promise.race([ward.daemon.ended, outcome]);
    expect(await ward.disarm()).toBe(true);
    await ward.restart();
    return await outcome;
  }

  it.each(titled('daemon: ADD'))('an ADD %s leaves nothing, and the next ADD succeeds', async (_, moment) => {
    expect(await dying(moment, () => ward.tryAdd(victim))).toBe(false);
    await ward.expectBooks();
    if (moment.phase === 'before') return;
    await ward.add(victim);
    await ward.expectReach(victim);
    await ward.delete(victim);
    await ward.expectBooks();
  });

  it.each(titled('daemon: DEL'))('a DEL %s succeeds all the same', async (_, moment) => {
    await ward.add(victim);
    expect(await dying(moment, () => ward.tryDelete(victim))).toBe(true);
    await ward.expectBooks();
  });

  it.each(titled('daemon: DEL of a further interface'))('a DEL of a second interface %s leaves the first', async (_, moment) => {
    await ward.add(victim);
    await ward.add(victim, 'net1');
    expect(await dying(moment, () => ward.tryDelete(victim, 'net1'))).toBe(true);
    await ward.expectBooks(victim);
    await ward.expectReach(victim);
    await ward.delete(victim);
    await ward.expectBooks();
  });

  it.each(titled('daemon: burial'))('after a DEL, %s, is made good by the next start', async (_, moment) => {
    await ward.add(victim);
    await ward.arm(moment);
    await ward.delete(victim);
    await ward.daemon.ended;
    expect(await ward.disarm()).toBe(true);
    await ward.restart();
    await ward.expectBooks();
  });

  it('costs the streams between other pods nothing', () => ward.expectSteadyTraffic());
});
