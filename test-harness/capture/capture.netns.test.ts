import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { liveFds } from '../../native/index.ts';
import { capture, excerptOf, Lab, type Machine, ping, tcpEcho, udpEcho, writeCaptures } from '../index.ts';
import { encodePcapng } from './pcapng.ts';

const folder = mkdtempSync(join(tmpdir(), 'axo-capture-'));
let lab: Lab;
let left: Machine;
let right: Machine;

beforeAll(async () => {
  lab = await Lab.create({ hosts: { left: {}, right: {} }, links: [{ between: ['left', 'right'] }] });
  [left, right] = [lab.machine('left'), lab.machine('right')];
});
afterAll(async () => {
  await lab.close();
  rmSync(folder, { recursive: true });
});

/** The independent witness. */
const tcpdump = (file: string) => execFileSync('tcpdump', ['-n', '-r', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

it('sees a conversation from its first packet to its last', async () => {
  await using seen = await capture(left, { filter: { protocol: 'tcp' } });
  expect(await tcpEcho(left, right, { port: 8080 })).toMatchObject({ reached: true });
  await seen.waitFor((packet) => packet.flags.includes('F'));
  const [syn, answer] = seen.packets;
  expect(syn).toMatchObject({
    interface: 'eth0',
    outgoing: true,
    flags: 'S',
    source: '198.18.0.1',
    destination: '198.18.0.2',
    destinationPort: 8080,
  });
  expect(answer).toMatchObject({ outgoing: false, flags: 'S.', sourcePort: 8080 });
  expect(seen.excerpt(2).split('\n')).toEqual([
    expect.stringMatching(/^\(\d+ earlier packets\)$/),
    expect.stringMatching(/^ +\d\.\d{6} eth0 (in |out) 198\.18\.0\.\d:\d+ → /),
    expect.stringMatching(/^ +\d\.\d{6} eth0 (in |out) 198\.18\.0\.\d:\d+ → /),
  ]);
  expect(seen.dropped).toBe(0);
});

it('writes a file that tcpdump reads the same way', async () => {
  const captures = await Promise.all([capture(left), capture(right)]);
  await ping(left, right, { family: 4 });
  await ping(left, right, { family: 6 });
  await udpEcho(left, right, { bytes: 10, port: 53 });
  for (const each of captures) await each.stop();
  const file = join(folder, 'both.pcapng');
  await writeCaptures(captures, file, 'a test');
  const lines = tcpdump(file).trimEnd().split('\n');
  expect(lines).toHaveLength(captures.reduce((sum, each) => sum + each.packets.length, 0));
  expect(lines.filter((line) => /198\.18\.0\.1 > 198\.18\.0\.2: ICMP echo request/.test(line))).toHaveLength(2);
  expect(lines.filter((line) => /2001:db8::2 > 2001:db8::1: ICMP6, echo reply/.test(line))).toHaveLength(2);
  expect(excerptOf(captures)).toMatch(
    /left:eth0 out 198\.18\.0\.1 → 198\.18\.0\.2 ICMP echo request .*\n.*right:eth0 in {2}198\.18\.0\.1 → 198\.18\.0\.2/,
  );
  expect(excerptOf(captures)).toContain('198.18.0.2:53 UDP len 10');
});

it('keeps to one interface, and shows loopback once', async () => {
  await using elsewhere = await capture(left, { interface: 'eth0', filter: { protocol: 'icmp' } });
  await using loopback = await capture(left, { interface: 'lo' });
  await ping(left, '127.0.0.1');
  await loopback.waitFor((packet) => packet.summary.includes('echo reply'));
  expect(loopback.packets.map((packet) => packet.protocol)).toEqual(['icmp', 'icmp']);
  expect(elsewhere.packets).toEqual([]);
});

it('names interfaces that come later, and outlives those that go', async () => {
  const seen = await capture(left, { filter: { protocol: 'arp' } });
  await left.run(['ip', 'link', 'add', 'late0', 'type', 'veth', 'peer', 'name', 'late1']);
  await left.run(['sh', '-c', 'ip link set late1 up; ip link set late0 up; ip addr add 10.5.0.1/24 dev late0']);
  await ping(left, '10.5.0.2', { timeout: 100 });
  await seen.waitFor({ host: '10.5.0.2' });
  await left.run(['ip', 'link', 'delete', 'late0']);
  await seen.stop();
  expect(new Set(seen.packets.map((packet) => packet.interface))).toEqual(new Set(['late0', 'late1']));
  expect(seen.packets[0]?.summary).toMatch(/^ARP who has 10\.5\.0\.2\? tell 10\.5\.0\.1/);
});

it('keeps the newest, and says what it waited for in vain', async () => {
  await using seen = await capture(left, { limit: 2, filter: { host: '198.18.0.2' } });
  await tcpEcho(left, right);
  expect(seen.packets.length).toBe(2);
  await expect(seen.waitFor({ port: 4711 }, 50)).rejects.toThrow(/wait for a packet on left: not after 50 ms\n +0\.000000 eth0/);
  await expect(capture(left, { interface: 'eth7' })).rejects.toMatchObject({ errnoName: 'ENODEV' });
});

it('writes packets of devices without link layer as what they are', async () => {
  const packet = Buffer.from(`450000210001400040110000${'0a000001'}${'0a000002'}${'10000035000d0000'}68656c6c6f`, 'hex');
  const row = {
    interface: 'tun0',
    hasEthernet: false,
    time: 1_700_000_000_123_456_789n,
    outgoing: true,
    data: packet,
    length: packet.length,
  };
  const file = join(folder, 'raw.pcapng');
  writeFileSync(file, encodePcapng([row, { ...row, time: row.time + 1n }]));
  expect(tcpdump(file)).toMatch(/\.123456.* IP 10\.0\.0\.1\.4096 > 10\.0\.0\.2\.53/);
});

it('leaves no descriptor open', async () => {
  const before = liveFds();
  await (await capture(left)).stop();
  await expect(capture(left, { interface: 'eth7' })).rejects.toThrow();
  expect(liveFds()).toEqual(before);
});
