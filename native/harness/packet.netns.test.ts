import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sys } from '../binding.ts';
import { AttachType, ProgramType } from '../bpf/constants.ts';
import { isLittleEndian } from '../bpf/endian.ts';
import { assemble, call, exit, moveImmediate } from '../bpf/instructions.ts';
import { createLink } from '../bpf/link.ts';
import { hasErrno } from '../errors.ts';
import { Fd } from '../fd.ts';
import { Scratch } from '../fixture.ts';
import { openInetSocket } from '../inet.ts';
import { Netns } from '../netns.ts';
import { droppedFrames, openPacketSocket, type PacketFrame, receiveFrame } from './packet.ts';

const scratch = new Scratch();
let path: string;

/** Two namespaces are not needed: a veth pair with both ends in one, and a neighbour set by hand. */
beforeAll(async () => {
  path = await scratch.netns('wire');
  scratch.ip(path, 'link', 'add', 'left', 'address', '02:00:00:00:00:01', 'type', 'veth', 'peer', 'name', 'right');
  for (const name of ['left', 'right']) scratch.ip(path, 'link', 'set', name, 'up', 'addrgenmode', 'none');
  scratch.ip(path, 'addr', 'add', '10.9.0.1/24', 'dev', 'left');
  scratch.ip(path, 'neigh', 'add', '10.9.0.9', 'lladdr', '02:00:00:00:00:09', 'dev', 'left');
});
afterAll(() => scratch[Symbol.asyncDispose]());

/** Gives every packet that it sees the VLAN tag 7: bpf_skb_vlan_push(skb, htons(ETH_P_8021Q), 7), then TCX_PASS (linux/bpf.h). */
function tagger(): Fd {
  const code = [moveImmediate(2, isLittleEndian ? 0x0081 : 0x8100), moveImmediate(3, 7), call(18), moveImmediate(0, 0), exit()];
  return Fd.adopt(sys().bpfProgramLoad(ProgramType.schedCls, assemble(code), 0), 'tagger');
}

const indexOf = (name: string) => Number(scratch.ip(path, '-o', 'link', 'show', name).split(':')[0]);

/** All frames there are that carry the payload. */
function drain(fd: Fd, payload = 'hello'): PacketFrame[] {
  const found: PacketFrame[] = [];
  for (let frame = receiveFrame(fd); frame !== undefined; frame = receiveFrame(fd))
    if (Buffer.from(frame.data).includes(payload)) found.push(frame);
  return found;
}

/** bash sends datagrams through /dev/udp (bash(1), REDIRECTION). */
function send(address: string, payload = 'hello', times = 1): void {
  const loop = 'for i in $(seq "$3"); do printf %s "$1" > "/dev/udp/$2/9"; done';
  execFileSync('nsenter', [`--net=${path}`, 'bash', '-c', loop, 'bash', payload, address, `${times}`]);
}

describe('a packet socket', () => {
  it('sees a frame leave one device and enter the other, with its time', async () => {
    using ns = Netns.open(path);
    using fd = await openPacketSocket(ns);
    const began = BigInt(Date.now()) * 1_000_000n;
    send('10.9.0.9');
    const frames = drain(fd);
    expect(frames.map(({ ifindex, outgoing, hardwareType }) => ({ ifindex, outgoing, hardwareType }))).toEqual([
      { ifindex: indexOf('left'), outgoing: true, hardwareType: 1 },
      { ifindex: indexOf('right'), outgoing: false, hardwareType: 1 },
    ]);
    expect(Buffer.from(frames[0]?.data ?? []).toString('hex', 0, 14)).toBe('0200000000090200000000010800');
    for (const { time } of frames) expect(Number(time - began) / 1e6).toBeLessThan(60_000);
    for (const { time } of frames) expect(Number(time - began)).toBeGreaterThan(-5e6);
    expect(receiveFrame(fd)).toBeUndefined();
    expect(droppedFrames(fd)).toBe(0);
  });

  it('keeps to one interface, and puts a VLAN tag back where it was', async () => {
    using ns = Netns.open(path);
    using fd = await openPacketSocket(ns, { ifindex: indexOf('right') });
    using program = tagger();
    using _link = await createLink({ program, ifindex: indexOf('left'), netns: ns, attachType: AttachType.tcxEgress });
    send('10.9.0.9');
    const [frame, ...more] = drain(fd);
    expect(more).toEqual([]);
    expect(Buffer.from(frame?.data ?? []).toString('hex', 12, 18)).toBe('810000070800');
  });

  it('counts what its buffer could not take', async () => {
    using ns = Netns.open(path);
    using fd = await openPacketSocket(ns, { ifindex: indexOf('left'), receiveBytes: 2048 });
    send('10.9.0.9', 'x'.repeat(1200), 20);
    expect(droppedFrames(fd)).toBeGreaterThan(0);
    expect(droppedFrames(fd)).toBe(0);
  });

  it('says which interface is not there', async () => {
    using ns = Netns.open(path);
    await expect(openPacketSocket(ns, { ifindex: 4711 })).rejects.toThrow(`open packet socket in ${path}: no such device`);
  });
});

describe('sockets of other protocols', () => {
  it('are refused by a kernel that lacks them', async () => {
    using ns = Netns.open(path);
    const attempt = await openInetSocket(ns, { family: 4, type: 'sctp' }).then(
      (fd) => fd.close(),
      (error: unknown) => error,
    );
    expect(attempt === undefined || hasErrno(attempt, 'EPROTONOSUPPORT')).toBe(true);
  });

  it('share no UDP port, but a TCP port as soon as it is free', async () => {
    using ns = Netns.open(path);
    const bind = { address: '10.9.0.1', port: 5353 };
    using held = await openInetSocket(ns, { family: 4, type: 'datagram', bind });
    expect(held.closed).toBe(false);
    await expect(openInetSocket(ns, { family: 4, type: 'datagram', bind })).rejects.toMatchObject({ errnoName: 'EADDRINUSE' });
  });
});
