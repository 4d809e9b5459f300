import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BpfMap, openRingBuffer, type RingBufferReader } from '../native/index.ts';
import { decodeEvent } from './event.ts';
import { dropReason, maps, type PacketEvent } from './layout.generated.ts';
import { families, type TestFamily } from './testing/family.ts';
import type { Frame } from './testing/frame.ts';
import { BpfLab, beyond } from './testing/lab.ts';
import { narrow, neighbour, nobody, self, sentBy } from './testing/world.ts';

const flood = join(import.meta.dirname, '..', 'dist', 'bench', 'flood');
/** Seconds that a pod floods for: longer than what it is compared with takes. */
const SECONDS = '120';

let lab: BpfLab;
let reader: RingBufferReader;
const events: PacketEvent[] = [];
beforeAll(async () => {
  lab = await BpfLab.open();
  reader = openRingBuffer(lab.map('axo_events'), (record) => events.push(decodeEvent(record)));
});
afterAll(async () => {
  reader?.close();
  await lab?.[Symbol.asyncDispose]();
});

const hex = (frame: Frame) => Buffer.from(frame.bytes()).toString('hex');
const floods = ({ of, ip }: TestFamily) =>
  [
    ['spoofed packets', ip(sentBy(self), of(beyond), of(neighbour)).udp(1, 2), 'SPOOFED_SOURCE'],
    ['packets whose hops end', ip(sentBy(self), of(self), of(neighbour), 1).udp(1, 2), 'TTL_EXCEEDED'],
  ] as const;

/** Packets of a reason so far, as the counters say. */
function counted(reason: keyof typeof dropReason): number {
  const metrics = new BpfMap(lab.map('axo_metrics'), maps.axo_metrics.key, maps.axo_metrics.value, { perCpu: true });
  const rows = [...metrics.entriesAll()].filter(([key]) => key.reason === dropReason[reason]);
  return rows.flatMap(([, values]) => values).reduce((sum, { packets }) => sum + Number(packets), 0);
}

const eventsAbout = (id: number, reason: keyof typeof dropReason) =>
  events.filter((event) => event.sourceId === id && event.reason === dropReason[reason]).length;

for (const family of families) {
  const { of, name } = family;
  describe.each(floods(family))(`beside a pod that sends %s, ${name}`, (_, frame, reason) => {
    const before = { dropped: 0 };
    let flooding: ReturnType<BpfLab['start']>;
    beforeAll(async () => {
      before.dropped = counted(reason);
      flooding = lab.start(self, flood, 'eth0', SECONDS, hex(frame));
      await vi.waitFor(() => expect(counted(reason)).toBeGreaterThan(before.dropped + 20_000), { timeout: 120_000 });
    });
    afterAll(() => {
      flooding.kill('SIGKILL');
    });

    it('another pod has every one of its drops reported', async () => {
      const seen = eventsAbout(neighbour.id, 'NO_ENDPOINT');
      // Not answered, so that ping's exit status says no more than that it ran.
      lab.run(neighbour, 'ping', '-q', '-c', '20', '-i', '0.05', '-W', '1', of(nobody));
      await expect.poll(() => eventsAbout(neighbour.id, 'NO_ENDPOINT'), { timeout: 60_000 }).toBe(seen + 20);
    });

    it('another pod gets every one of its errors about the MTU', () => {
      // The learnt MTU is forgotten before each ping: each needs an error of its own.
      const errors = Array.from({ length: 4 }, () => {
        for (const flag of ['-4', '-6']) lab.run(neighbour, 'ip', flag, 'route', 'flush', 'cache');
        lab.run(neighbour, 'ping', '-q', '-M', 'do', '-c', '1', '-W', '1', '-s', '1320', of(narrow));
        return lab.run(neighbour, 'ip', 'route', 'get', of(narrow)).output;
      });
      for (const route of errors) expect(route).toContain(`mtu ${narrow.mtu}`);
    });

    it('every drop of the flood is counted, and what was held back of its events', () => {
      expect(counted('EVENT_LOST')).toBe(0);
      expect(counted('EVENT_LIMITED')).toBeGreaterThan(10_000);
    });
  });
}
