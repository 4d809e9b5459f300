import { describe, expect, it } from 'vitest';
import { AttrWriter } from './attr.ts';
import {
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  RTM_NEWLINK,
} from './constants.ts';
import { decodeError, decodeMessages, encodeMessage, type Message } from './message.ts';
import { addAddress } from './route/address.ts';
import { listLinks, setLink } from './route/link.ts';
import { NetlinkSocket, type Transport } from './socket.ts';

/** A kernel made of one function: the messages of a datagram in, datagrams out. */
function fake(answer: (messages: Message[]) => Uint8Array[]): Transport & { readonly seen: Message[][] } {
  const seen: Message[][] = [];
  return {
    seen,
    transact: async (datagrams) => {
      const answers: Uint8Array[] = [];
      for (const { bytes, sequence } of datagrams) {
        const messages = decodeMessages(bytes);
        seen.push(messages);
        const given = answer(messages);
        answers.push(...given);
        const refusals = given.flatMap(decodeMessages).filter((said) => said.type === NLMSG_ERROR && decodeError(said).errno !== 0);
        if (refusals.some(({ seq }) => seq === sequence)) break;
      }
      return answers;
    },
    close: () => undefined,
  };
}

const message = (type: number, flags: number, seq: number, body: Uint8Array) => encodeMessage({ operation: '', type, flags, body }, 0, seq);
const link = (seq: number, flags = NLM_F_MULTI) => message(RTM_NEWLINK, flags, seq, new AttrWriter().struct(16, () => undefined).finish());
const done = (seq: number, flags = NLM_F_MULTI) => message(NLMSG_DONE, flags, seq, new Uint8Array(4));
const ack = (seq: number, errno = 0, words = '') => {
  const body = new AttrWriter().struct(20, (put) => put.i32(0, -errno).u32(4, 999));
  if (words !== '') body.str(1, words).u32(2, 36);
  return message(NLMSG_ERROR, NLM_F_CAPPED | (words === '' ? 0 : NLM_F_ACK_TLVS), seq, body.finish());
};
const seqOf = (messages: Message[], index = 0) => messages.at(index)?.seq ?? 0;

describe('NetlinkSocket', () => {
  it('asks for an acknowledgement and is silent about it', async () => {
    const transport = fake((messages) => [ack(seqOf(messages))]);
    expect(await new NetlinkSocket(transport).request(setLink(3, { up: true }))).toEqual([]);
    expect(transport.seen[0]?.[0]?.flags).toBe(1 | NLM_F_ACK);
  });

  it("throws the kernel's refusal with its words and offset", async () => {
    const socket = new NetlinkSocket(fake((messages) => [ack(seqOf(messages), 22, 'Invalid prefix length')]));
    await expect(socket.request(addAddress({ ifindex: 3, address: '10.0.0.1/24' }))).rejects.toMatchObject({
      code: 'NETLINK',
      message: 'add address 10.0.0.1/24 on link 3: invalid argument (Invalid prefix length)',
      errnoName: 'EINVAL',
      kernelMessage: 'Invalid prefix length',
      offset: 36,
    });
  });

  it('drops leftovers of another exchange', async () => {
    const socket = new NetlinkSocket(fake((messages) => [link(777), ack(776, 17), ack(seqOf(messages))]));
    expect(await socket.request(setLink(3, { up: true }))).toEqual([]);
  });

  it('repeats an interrupted dump and gives the whole one', async () => {
    let calls = 0;
    const socket = new NetlinkSocket(
      fake((messages) => {
        const seq = seqOf(messages);
        calls++;
        return calls < 3 ? [link(seq), done(seq, NLM_F_MULTI | NLM_F_DUMP_INTR)] : [link(seq), Buffer.concat([link(seq), done(seq)])];
      }),
    );
    expect(await socket.request(listLinks())).toHaveLength(2);
    expect(calls).toBe(3);
  });

  it('gives up on a dump that is always interrupted', async () => {
    const transport = fake((messages) => [link(seqOf(messages), NLM_F_MULTI | NLM_F_DUMP_INTR), done(seqOf(messages))]);
    await expect(new NetlinkSocket(transport).request(listLinks())).rejects.toThrow(
      'list links: interrupted system call (tables changed during each of 30 dumps)',
    );
    expect(transport.seen).toHaveLength(30);
  });

  it('throws what ends a dump early', async () => {
    const broken = (seq: number) => message(NLMSG_DONE, NLM_F_MULTI, seq, new AttrWriter().struct(4, (put) => put.i32(0, -19)).finish());
    await expect(new NetlinkSocket(fake((messages) => [broken(seqOf(messages))])).request(listLinks())).rejects.toThrow(
      'list links: no such device',
    );
  });

  it('sends a batch as one datagram with one acknowledgement, and names the first that was refused', async () => {
    const transport = fake((messages) => [ack(seqOf(messages, 1), 17), ack(seqOf(messages, 2), 19)]);
    const batch = [setLink(3, { up: true }), addAddress({ ifindex: 3, address: '10.0.0.1/32' }), setLink(4, { mtu: 1400 })];
    await expect(new NetlinkSocket(transport).batch(batch)).rejects.toThrow('add address 10.0.0.1/32 on link 3: file exists');
    expect(transport.seen).toHaveLength(1);
    expect(transport.seen[0]?.map(({ flags }) => flags & NLM_F_ACK)).toEqual([0, 0, NLM_F_ACK]);
  });

  it('has requests carried out in turn, each acknowledged, and sends none after one that was refused', async () => {
    const refused = { seq: 2, errno: 17 };
    const transport = fake((messages) => [ack(seqOf(messages), seqOf(messages) === refused.seq ? refused.errno : 0)]);
    const requests = [setLink('a', { up: true }), addAddress({ ifindex: 3, address: '10.0.0.1/32' }), setLink(4, { mtu: 1400 })];
    await expect(new NetlinkSocket(transport).inTurn(requests)).rejects.toThrow('add address 10.0.0.1/32 on link 3: file exists');
    expect(transport.seen.map((messages) => messages.map(({ flags }) => flags & NLM_F_ACK))).toEqual([[NLM_F_ACK], [NLM_F_ACK]]);
  });

  it('does one exchange at a time, and goes on after one that failed', async () => {
    let running = 0;
    const socket = new NetlinkSocket({
      transact: async ([datagram]) => {
        expect(++running).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running--;
        const seq = datagram?.sequence ?? 0;
        if (seq === 1) throw new Error('lost');
        return [ack(seq)];
      },
      close: () => undefined,
    });
    const results = await Promise.allSettled([1, 2, 3].map((ifindex) => socket.request(setLink(ifindex, { up: true }))));
    expect(results.map((result) => result.status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });
});
