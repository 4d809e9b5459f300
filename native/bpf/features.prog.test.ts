import { release } from 'node:os';
import { describe, expect, it } from 'vitest';
import { Unsupported } from '../errors.ts';
import { liveFds } from '../fd.ts';
import { demand, type Feature, features, probe, unsupported } from './features.ts';

const [major = 0, minor = 0] = release().split('.').map(Number);
const isAtLeast = (wantedMajor: number, wantedMinor: number) => major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);

describe('probe', () => {
  it('finds on this kernel what every kernel of its age has', async () => {
    const certain: Feature[] = ['fibLookup', 'cgroupSocket', 'xdp', 'lpmTrie', 'lruHash', 'veth'];
    if (isAtLeast(5, 10)) certain.push('redirectPeer', 'redirectNeigh', 'ringBuffer');
    if (isAtLeast(6, 6)) certain.push('tcx');
    for (const feature of certain) expect([feature, await probe(feature)]).toEqual([feature, 'yes']);
  });

  it('answers for every feature, the same each time, and keeps nothing open', async () => {
    for (const feature of features) {
      const answer = await probe(feature);
      expect([feature, answer]).not.toEqual([feature, 'inconclusive']);
      expect(await probe(feature)).toBe(answer);
    }
    expect(liveFds().size).toBe(0);
  });

  it('knows no tcx before 6.6 and no netkit before 6.7', async () => {
    expect((await probe('tcx')) === 'no' || isAtLeast(6, 6)).toBe(true);
    expect((await probe('netkit')) === 'no' || isAtLeast(6, 7)).toBe(true);
  });
});

describe('Unsupported', () => {
  it('says what is missing and since when it is there', async () => {
    expect(unsupported('attach axo_from_container', 'tcx').message).toBe(
      'attach axo_from_container: the kernel has no tcx links (needs 6.6 or later)',
    );
    await expect(demand('lruHash', 'make a table')).resolves.toBeUndefined();
    const missing = await Promise.all(features.map(async (feature) => ({ feature, answer: await probe(feature) })));
    for (const { feature } of missing.filter(({ answer }) => answer === 'no')) {
      await expect(demand(feature, 'use it')).rejects.toBeInstanceOf(Unsupported);
    }
  });
});
