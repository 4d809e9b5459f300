import { afterEach, describe, expect, it } from 'vitest';
import { Datapath } from './testing/datapath.ts';
import { neighbour, self, sentBy } from './testing/world.ts';

/* With PREEMPT_RT the kernel may preempt a program by another one on its processor: the second must not touch the first one's memory. */

const [SHOT, REDIRECT] = [2, 7];
const SLOTS = 4;
const PROCESSORS = 1024;
const expired = sentBy(self).ip4(self.ipv4, neighbour.ipv4, { ttl: 1 }).udp(1, 2).payload(64).bytes();
const good = sentBy(self).ip4(self.ipv4, neighbour.ipv4).udp(1, 2).payload(64).bytes();
const preempted = { cfg_preemptible: 1 };

let datapath: Datapath;
afterEach(() => datapath[Symbol.dispose]());

/** As if preempted programs used the first `count` slots of every processor. */
function occupy(count: number): void {
  const users = datapath.map('axo_scratch_use');
  for (let key = 0; key < PROCESSORS * SLOTS; key++) if (key % SLOTS < count) users.set(key, 1);
}

/** Fills every slot's room with this byte. */
function fillQuotes(byte: number): void {
  const scratch = datapath.map('axo_scratch');
  const bytes = new Uint8Array(512).fill(byte);
  for (let slot = 0; slot < SLOTS; slot++) {
    scratch.setAll(
      slot,
      (scratch.getAll(slot) ?? []).map(() => ({ bytes })),
    );
  }
}

/** Slots whose room no longer holds this byte alone. */
const written = (byte: number): number[] =>
  Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) =>
    (datapath.map('axo_scratch').getAll(slot) ?? []).some(({ bytes }) => bytes.some((each) => each !== byte)),
  );

describe('on a kernel with PREEMPT_RT', () => {
  it('a program takes a slot that no preempted program uses, for the packet and for its ICMP error', async () => {
    datapath = await Datapath.load('axo_from_container', preempted);
    occupy(2);
    fillQuotes(7);
    expect(datapath.run(good)).toMatchObject({ verdict: REDIRECT, metrics: { 'FORWARDED EGRESS': 1 } });
    expect(datapath.run(expired).verdict).toBe(REDIRECT);
    expect(written(7)).toEqual([2]);
  });

  it('a packet is dropped and counted when preempted programs use every slot', async () => {
    datapath = await Datapath.load('axo_from_container', preempted);
    occupy(SLOTS);
    fillQuotes(7);
    expect(datapath.run(expired)).toMatchObject({ verdict: SHOT, metrics: { 'BUSY EGRESS': 1 }, events: [] });
    expect(written(7)).toEqual([]);
  });

  it('a program gives its slot back', async () => {
    datapath = await Datapath.load('axo_from_container', preempted);
    for (let n = 0; n < 2 * SLOTS; n++) expect(datapath.run(expired).verdict).toBe(REDIRECT);
    expect([...datapath.map('axo_scratch_use').entries()]).toEqual([]);
  });
});

it('on other kernels a program claims nothing', async () => {
  datapath = await Datapath.load('axo_from_container');
  occupy(SLOTS);
  expect(datapath.run(good).verdict).toBe(REDIRECT);
});
