import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { families, type TestFamily } from './testing/family.ts';
import { BpfLab, beyond } from './testing/lab.ts';
import { node, outside, self } from './testing/world.ts';

/** Times of a neighbour that make a failover last two seconds instead of ten (arp(7)); in the node's own namespace only. */
const QUICK = { delay_first_probe_time: 1, retrans_time_ms: 300 } as const;

let lab: BpfLab;
beforeAll(async () => {
  lab = await BpfLab.open();
  for (const family of ['ipv4', 'ipv6']) {
    for (const [key, value] of Object.entries(QUICK)) mustRun('node', 'sysctl', '-qw', `net.${family}.neigh.eth0.${key}=${value}`);
  }
  for (const { of } of families) {
    mustRun('node', 'ip', 'route', 'add', of(outside), 'via', of(beyond));
    mustRun('outside', 'ip', 'address', 'add', of(outside), 'dev', 'lo');
  }
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
});

function mustRun(place: 'node' | 'outside', ...command: string[]): string {
  const { code, output } = lab.run(place, ...command);
  expect({ code, output }).toMatchObject({ code: 0 });
  return output;
}

let replacements = 0;

const macOf = (place: 'node' | 'outside'): string => JSON.parse(mustRun(place, 'ip', '-json', 'link', 'show', 'eth0'))[0].address;

/**
 * Another machine takes over the addresses outside, as in a failover, without announcing it, when nobody has sent to them for a minute. It
 * knows the node and never asks for it: the node would learn the new MAC from a question.
 */
function replaceMachine(): void {
  replacements += 1;
  const [nodeMac, before] = [macOf('node'), macOf('outside')];
  mustRun('outside', 'ip', 'link', 'set', 'eth0', 'address', `02:00:00:00:04:0${replacements}`);
  for (const { of } of families) {
    mustRun('outside', 'ip', 'neighbour', 'replace', of(node), 'lladdr', nodeMac, 'nud', 'permanent', 'dev', 'eth0');
    mustRun('node', 'ip', 'neighbour', 'replace', of(beyond), 'lladdr', before, 'nud', 'stale', 'dev', 'eth0');
  }
}

/** Sends until something comes back, for ten seconds at most. */
const reaches = (from: 'node' | typeof self, to: string) => lab.run(from, 'ping', '-q', '-c', '1', '-w', '10', '-i', '0.2', to).code === 0;

const goals = [
  ['an on-link destination', beyond],
  ['a gateway', outside],
] as const;

describe.each(families)('a neighbour of the node that gets another MAC without a word, $name', ({ of }: TestFamily) => {
  for (const [what, goal] of goals) {
    for (const [who, from] of [
      ['pod', self],
      ['node', 'node'],
    ] as const) {
      it(`is found again when only a ${who} sends to ${what}`, () => {
        expect(reaches(from, of(goal))).toBe(true);
        replaceMachine();
        expect(reaches(from, of(goal))).toBe(true);
      });
    }
  }
});
