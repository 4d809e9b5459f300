import { describe, expect, it } from 'vitest';
import { AttrWriter } from './attr.ts';
import { RTM_DELLINK, RTM_NEWLINK } from './constants.ts';
import { EventStream } from './events.ts';
import { encodeMessage } from './message.ts';

const link = (ifindex: number, type = RTM_NEWLINK) =>
  encodeMessage({ operation: '', type, flags: 0, body: new AttrWriter().struct(16, (put) => put.i32(4, ifindex)).finish() }, 0, 0);

describe('EventStream', () => {
  it('gives events in order, to a reader that comes before or after', async () => {
    const stream = new EventStream();
    const early = stream.next();
    stream.feed(Buffer.concat([link(1), link(2, RTM_DELLINK)]));
    expect(await early).toMatchObject({ value: { kind: 'link', action: 'new', value: { ifindex: 1 } } });
    expect(await stream.next()).toMatchObject({ value: { kind: 'link', action: 'delete', value: { ifindex: 2 } } });
  });

  it('replaces what waits by one resync when events were lost', async () => {
    const stream = new EventStream();
    stream.feed(link(1));
    stream.lost();
    stream.feed(link(2));
    stream.end();
    const kinds = [];
    for await (const event of stream) kinds.push(event.kind);
    expect(kinds).toEqual(['resync', 'link']);
  });

  it('does not grow without bound when nobody reads', async () => {
    const stream = new EventStream();
    for (let i = 0; i < 8193; i++) stream.feed(link(i));
    expect(await stream.next()).toMatchObject({ value: { kind: 'resync' } });
  });

  it('ends for all who wait, and fails once', async () => {
    const stream = new EventStream();
    const [first, second] = [stream.next(), stream.next()];
    stream.fail(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    expect(await second).toEqual({ done: true, value: undefined });
  });

  it('passes over messages that it has no word for', async () => {
    const stream = new EventStream();
    stream.feed(encodeMessage({ operation: '', type: 9999, flags: 0, body: new Uint8Array(4) }, 0, 0));
    stream.end();
    expect(await stream.next()).toMatchObject({ done: true });
  });
});
