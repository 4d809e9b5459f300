import { expect, it } from 'vitest';
import { BpfMap, openRingBuffer, setSysctl } from '../native/index.ts';
import { decodeEvent } from './event.ts';
import { endpointFlag, maps, type PacketEvent, tracePoint } from './layout.generated.ts';
import { mapped } from './testing/bytes.ts';
import { BpfLab } from './testing/lab.ts';
import { narrow, neighbour } from './testing/world.ts';

it.each(['ipv4', 'ipv6'] as const)("the sender's identity goes through the node's stack to the receiver, %s", async (family) => {
  await using lab = await BpfLab.open();
  // The stack forwards IPv6 for the whole namespace or not at all.
  await setSysctl(lab.netnsOf('node'), 'net.ipv6.conf.all.forwarding', '1');
  const endpoints = new BpfMap(lab.map('axo_endpoints'), maps.axo_endpoints.key, maps.axo_endpoints.value);
  const receiver = { addr: mapped(neighbour[family]) };
  const row = endpoints.get(receiver);
  if (row === undefined) throw new Error('the receiver has no row');
  endpoints.set(receiver, { ...row, flags: endpointFlag.STACK });
  // Now nothing but the mark tells who sent.
  endpoints.delete({ addr: mapped(narrow[family]) });
  new BpfMap(lab.map('axo_settings'), maps.axo_settings.key, maps.axo_settings.value).set(0, { trace: 1 });

  const events: PacketEvent[] = [];
  const reader = openRingBuffer(lab.map('axo_events'), (record) => events.push(decodeEvent(record)));
  lab.run(narrow, 'ping', '-c', '1', '-W', '1', '-q', neighbour[family]);
  while (reader.consume() > 0);
  reader.close();

  const received = events.filter(({ point, destinationId }) => point === tracePoint.TO_ENDPOINT && destinationId === neighbour.id);
  expect(received.length).toBeGreaterThan(0);
  expect(new Set(received.map(({ sourceIdentity }) => sourceIdentity))).toEqual(new Set([narrow.identity]));
});
