import { expect, it } from 'vitest';
import { Datapath } from './testing/datapath.ts';
import { neighbour, self, sentBy } from './testing/world.ts';

/* Two programs on one processor, of which the kernel has preempted the first (PREEMPT_RT): the second must not touch its memory. */

const [SHOT, REDIRECT] = [2, 7];
const expired = sentBy(self).ip4(self.ipv4, neighbour.ipv4, { ttl: 1 }).udp(1, 2).payload(64).bytes();

it('a program makes no ICMP error while another one on its processor is in the middle of one', async () => {
  using datapath = await Datapath.load('axo_from_container');
  const users = datapath.map('axo_scratch_use');
  for (let processor = 0; processor < 1024; processor++) users.set(processor, 1);
  const quote = new Uint8Array(512).fill(7);
  const scratch = datapath.map('axo_scratch');
  scratch.setAll(
    0,
    (scratch.getAll(0) ?? []).map((each) => ({ ...each, quote })),
  );
  expect(datapath.run(expired)).toMatchObject({ verdict: SHOT, metrics: { 'TTL_EXCEEDED EGRESS': 1 } });
  expect((scratch.getAll(0) ?? []).map((each) => each.quote)).toEqual((scratch.getAll(0) ?? []).map(() => quote));
});

it('a program gives its working memory back', async () => {
  using datapath = await Datapath.load('axo_from_container');
  for (let n = 0; n < 3; n++) expect(datapath.run(expired).verdict).toBe(REDIRECT);
  expect([...datapath.map('axo_scratch_use').entries()]).toEqual([]);
});
