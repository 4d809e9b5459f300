import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BpfLab, beyond, WIRE_MTU } from './testing/lab.ts';
import { narrow, neighbour, nobody, node, router, self, type TestPod } from './testing/world.ts';

let lab: BpfLab;
beforeAll(async () => {
  lab = await BpfLab.open();
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
});

const quick = ['-c', '1', '-W', '2', '-q'];

for (const [name, of] of [
  ['IPv4', (ends: { ipv4: string; ipv6: string }) => ends.ipv4],
  ['IPv6', (ends: { ipv4: string; ipv6: string }) => ends.ipv6],
] as const) {
  const ping = (from: string | TestPod, to: { ipv4: string; ipv6: string }, ...more: string[]) =>
    lab.run(from, 'ping', ...quick, ...more, of(to));
  const loud = (from: string | TestPod, to: { ipv4: string; ipv6: string }, ...more: string[]) =>
    lab.run(from, 'ping', '-c', '1', '-W', '2', ...more, of(to)).output;

  describe(`a real packet, ${name}`, () => {
    for (const [sentence, from, to] of [
      ['goes from pod to pod and back', self, neighbour],
      ['goes from a pod to the router address', self, router],
      ["goes from a pod to the node's address", self, node],
      ['goes from a pod to the outside, whose MAC nobody knows yet', self, beyond],
      ['goes from the node to a pod', 'node', neighbour],
      ['goes from the outside to a pod', 'outside', neighbour],
      ['goes from the outside to the node', 'outside', node],
      ['goes from a pod to itself', self, self],
    ] as const) {
      it(sentence, () => {
        expect(ping(from, to)).toMatchObject({ code: 0 });
      });
    }

    for (const [sentence, from, to] of [
      ['between pods', self, neighbour],
      ['to the outside', self, beyond],
      ['from the outside', 'outside', neighbour],
      ['from the node', 'node', neighbour],
    ] as const) {
      it(`that its sender cuts into fragments arrives ${sentence}`, () => {
        // One of three: the wire is narrower than the pods' devices, which IPv6 has to learn first.
        expect(ping(from, to, '-s', '5000', '-c', '3', '-i', '0.2')).toMatchObject({ code: 0 });
      });
    }

    for (const [place, from, to] of [
      ['the outside', self, beyond],
      ['a pod', self, neighbour],
    ] as const) {
      it(`to ${place} with one hop left is answered by the router`, () => {
        expect(loud(from, to, '-t', '1')).toMatch(new RegExp(`From ${of(router)}.*(Time to live exceeded|Time exceeded: Hop limit)`));
      });
    }

    it('to an address that no pod has is answered by the router', () => {
      expect(loud(self, nobody)).toMatch(new RegExp(`From ${of(router)}.*(Host Unreachable|Address unreachable)`));
    });

    it('of the node to an address that no pod has is answered at once', () => {
      expect(loud('node', nobody)).toMatch(/Host Unreachable|Address unreachable/);
    });

    /** What the sender's kernel says of the way after a ping that was too big; ping(8) itself prints it in some versions only. */
    const learnt = (from: string | TestPod, to: { ipv4: string; ipv6: string }, size: number) => {
      expect(ping(from, to, '-M', 'do', '-s', `${size}`)).toMatchObject({ code: 1 });
      return lab.run(from, 'ip', 'route', 'get', of(to)).output;
    };

    it.each([
      ['pod', self],
      ['node', 'node'],
      ['outside', 'outside'],
    ] as const)('that is too big for a pod teaches the %s its MTU', (_, from) => {
      expect(learnt(from, narrow, 1320)).toContain(`mtu ${narrow.mtu}`);
      expect(loud(from, narrow, '-M', 'do', '-s', '1320')).toMatch(/message too long/i);
    });

    it('that is too big for the wire teaches a pod its MTU', () => {
      expect(learnt(self, beyond, 1420)).toContain(`mtu ${WIRE_MTU}`);
    });
  });
}

it('that may be fragmented is cut on its way out by the stack', () => {
  expect(lab.run(neighbour, 'ping', ...quick, '-M', 'dont', '-s', '1440', beyond.ipv4)).toMatchObject({ code: 0 });
});
