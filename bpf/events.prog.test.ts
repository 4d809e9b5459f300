import { afterEach, describe, expect, it } from 'vitest';
import { direction, dropReason, eventType, eventVersion, monitorAggregation, sourceFile, tracePoint } from './layout.generated.ts';
import { Datapath } from './testing/datapath.ts';
import type { Frame } from './testing/frame.ts';
import { narrow, neighbour, self, sentBy } from './testing/world.ts';

const SYN = 2;
const ACK = 16;
const to = (destination: string) => sentBy(self).ip4(self.ipv4, destination);
const spoofed = sentBy(self).ip4('1.2.3.4', neighbour.ipv4).udp(1, 2).bytes();
const tcp = (flags: number) => to(neighbour.ipv4).tcp(1000, 80, flags).payload(200);

let datapath: Datapath | undefined;
afterEach(() => {
  datapath?.[Symbol.dispose]();
  datapath = undefined;
});

async function eventsOf(frame: Frame, aggregation: number = monitorAggregation.MEDIUM) {
  datapath = await Datapath.load('axo_from_container', { cfg_monitor_aggregation: aggregation });
  datapath.listenToTraces();
  return datapath.run(frame.bytes()).events;
}

describe('trace events', () => {
  it('are not made while nobody listens', async () => {
    datapath = await Datapath.load('axo_from_container', { cfg_monitor_aggregation: monitorAggregation.NONE });
    expect(datapath.run(tcp(SYN).bytes()).events).toEqual([]);
  });

  it('say who sent what to whom, and show the first 128 bytes', async () => {
    const [event, ...more] = await eventsOf(tcp(SYN));
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      version: eventVersion.CURRENT,
      type: eventType.TRACE,
      size: 176,
      reason: 0,
      point: tracePoint.TO_ENDPOINT,
      file: sourceFile.DELIVER,
      direction: direction.EGRESS,
      family: 2,
      ifindex: 1,
      sourceId: self.id,
      sourceIdentity: self.identity,
      destinationId: neighbour.id,
      destinationIdentity: neighbour.identity,
      length: tcp(SYN).bytes().length,
      captureLength: 128,
    });
    expect(event?.time).toBeGreaterThan(0n);
  });

  it('of a short frame end with it', async () => {
    const frame = to(neighbour.ipv4).udp(1, 2);
    const [event] = await eventsOf(frame);
    // The receiver's addresses and one hop less: the event shows the frame as it leaves.
    const { length } = frame.bytes();
    expect(event).toMatchObject({ size: 48 + length, length, captureLength: length });
    expect(event?.capture).toHaveLength(length);
    expect(event?.capture.slice(26)).toEqual(frame.bytes().slice(26));
  });

  it('of established TCP are left out with aggregation medium', async () => {
    expect(await eventsOf(tcp(ACK))).toEqual([]);
  });

  it('of established TCP are made with aggregation low', async () => {
    expect(await eventsOf(tcp(ACK), monitorAggregation.LOW)).toHaveLength(1);
  });

  it('of UDP are made with aggregation medium', async () => {
    expect(await eventsOf(to(neighbour.ipv4).udp(1, 2))).toHaveLength(1);
  });

  it('tell also of arrival without aggregation', async () => {
    const events = await eventsOf(tcp(ACK), monitorAggregation.NONE);
    expect(events.map(({ point }) => point)).toEqual([tracePoint.FROM_ENDPOINT, tracePoint.TO_ENDPOINT]);
  });
});

describe('drop events', () => {
  it('name both ends, file and line', async () => {
    const [event] = await eventsOf(to(narrow.ipv4).udp(1, 2).payload(1400));
    expect(event).toMatchObject({
      type: eventType.DROP,
      file: sourceFile.DELIVER,
      sourceId: self.id,
      sourceIdentity: self.identity,
      destinationId: narrow.id,
      destinationIdentity: narrow.identity,
    });
  });

  it('are counted by file', async () => {
    const [event] = await eventsOf(to(narrow.ipv4).udp(1, 2).payload(1400));
    const keys = [...(datapath?.map('axo_metrics').entriesAll() ?? [])].map(([key]) => key);
    expect(keys).toMatchObject([{ file: event?.file, reason: event?.reason }]);
  });

  it('of a short frame hold all of it', async () => {
    const [event] = await eventsOf(sentBy(self).ip4('1.2.3.4', neighbour.ipv4).udp(1, 2));
    expect(event?.captureLength).toBe(42);
  });

  it('of quiet reasons are made without aggregation', async () => {
    const own = sentBy(self).arp(1, [self.mac, self.ipv4], ['00:00:00:00:00:00', self.ipv4]);
    expect(await eventsOf(own, monitorAggregation.NONE)).toHaveLength(1);
  });

  it('that find no room are counted as lost', async () => {
    datapath = await Datapath.load('axo_from_container', {}, undefined, { axo_events: 4096 });
    const outcome = datapath.run(spoofed, { repeat: 100 });
    expect(outcome.metrics['EVENT_LOST EGRESS']).toBeGreaterThan(0);
    expect((outcome.metrics['EVENT_LOST EGRESS'] ?? 0) + outcome.events.length).toBe(100);
  });
});

describe('the rate of events', () => {
  it('lets 200 drops of one device through at once, and counts every drop and every event that it holds back', async () => {
    datapath = await Datapath.load('axo_from_container');
    const { events, metrics } = datapath.run(spoofed, { repeat: 8000 });
    expect(events.length).toBeGreaterThanOrEqual(200);
    expect(events.length).toBeLessThan(4000);
    expect(metrics).toEqual({ 'SPOOFED_SOURCE EGRESS': 8000, 'EVENT_LIMITED EGRESS': 8000 - events.length });
  });

  it('is one for drops and another for traces', async () => {
    datapath = await Datapath.load('axo_from_container');
    datapath.listenToTraces();
    datapath.spend('DROP_EVENT', { parts: [direction.EGRESS] });
    expect(datapath.run(spoofed).events).toEqual([]);
    expect(datapath.run(tcp(SYN).bytes()).events).toHaveLength(1);
    datapath.spend('TRACE_EVENT');
    expect(datapath.run(tcp(SYN).bytes()).events).toEqual([]);
  });

  it('of what a pod receives is not spent by what it sends', async () => {
    datapath = await Datapath.load('axo_to_container');
    datapath.spend('DROP_EVENT', { parts: [direction.EGRESS] });
    const [event] = datapath.run(spoofed).events;
    expect(event).toMatchObject({ reason: dropReason.NOT_FOR_ENDPOINT });
  });

  it('of one device is not spent by another', async () => {
    datapath = await Datapath.load('axo_from_container');
    datapath.spend('DROP_EVENT', { ifindex: neighbour.ifindex });
    expect(datapath.run(spoofed).events).toHaveLength(1);
  });

  it('comes back with time', async () => {
    datapath = await Datapath.load('axo_from_container');
    datapath.run(spoofed, { repeat: 8000 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(datapath.run(spoofed).events).toHaveLength(1);
  });
});

describe('counters', () => {
  it('sum bytes of frames', async () => {
    datapath = await Datapath.load('axo_from_container');
    const frame = tcp(ACK).bytes();
    datapath.run(frame);
    const total = [...datapath.map('axo_metrics').entriesAll()].flatMap(([, values]) => values).reduce((sum, { bytes }) => sum + bytes, 0n);
    expect(total).toBe(BigInt(frame.length));
  });
});
