import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Frame } from '../../bpf/testing/frame.ts';
import { type NetworkNamespace, type Pod, pathMtu, ping, type Result, tcpEcho, udpEcho } from '../../test-harness/index.ts';
import { configOf } from '../fixtures/datapath-mode.ts';
import { TestNode } from '../fixtures/test-node.ts';
import { NARROW } from '../fixtures/test-topology.ts';

const routers = { 4: '10.0.0.1', 6: 'fd00::1' } as const;
const families = [4, 6] as const;

/** Sends a frame by eth0 that claims to be IPv4 (the protocol of the sockaddr_ll), whatever its ethertype says. A netkit tells the sender of a drop. */
const SEND = `
socket(my $s, 17, 3, 0) or die "socket: $!";
my ($index) = \`ip -o link show eth0\` =~ /^(\\d+)/;
send($s, pack('H*', $ARGV[0]), 0, pack('S n i S C C a8', 17, 0x0800, $index, 0, 0, 0, '')) or $!{ENOBUFS} or die "send: $!";`;

interface IpLink {
  readonly address: string;
  readonly mtu: number;
  readonly flags: readonly string[];
}

describe.each(['netkit', 'netkit-l2'] as const)('pods by %s', (mode) => {
  let site: TestNode;
  let web: Pod;
  let db: Pod;
  let result: Result;
  beforeAll(async () => {
    site = await TestNode.open({ config: configOf(mode), retries: true });
    ({ pod: web, result } = await site.add('web'));
    ({ pod: db } = await site.add('db'));
  });
  afterAll(() => site[Symbol.asyncDispose]());

  it('have the result that the kernel shows, and pass CHECK', async () => {
    const [link] = JSON.parse(await web.run(['ip', '-j', 'link', 'show', 'eth0'])) as [IpLink];
    expect(link.flags.includes('NOARP')).toBe(mode === 'netkit');
    expect(result.interfaces).toHaveLength(2);
    expect(result.interfaces?.[1]).toMatchObject({ name: 'eth0', mtu: link.mtu, ...(mode === 'netkit-l2' && { mac: link.address }) });
    for (const one of result.interfaces ?? []) expect('mac' in one).toBe(mode === 'netkit-l2');
    expect(await site.endpointOf(web)).toMatchObject({ device: mode, state: 'ready' });
    expect((await site.status()).datapath).toMatchObject({ deviceMode: mode, deviceReason: `bpf.datapathMode is ${mode}` });
    await site.check(web);
  });

  const pairs: readonly (readonly [string, () => readonly [NetworkNamespace, NetworkNamespace]])[] = [
    ['pod to pod', () => [web, db]],
    ['pod to node', () => [web, site.node]],
    ['node to pod', () => [site.node, web]],
    ['pod to outside', () => [web, site.outside]],
    ['outside to pod', () => [site.outside, web]],
  ];

  describe.each(families)('over IPv%i', (family) => {
    it.each(pairs)('carry ICMP, TCP and UDP from %s', async (_, ends) => {
      const [from, to] = ends();
      const timeout = 10_000;
      expect(await ping(from, to, { family, timeout })).toMatchObject({ reached: true });
      expect(await tcpEcho(from, to, { family, timeout, bytes: 1 << 16 })).toMatchObject({ reached: true });
      expect(await udpEcho(from, to, { family, timeout })).toMatchObject({ reached: true });
    });

    it('reach their router, and are told the MTU and the end of a way', async () => {
      expect(await ping(web, routers[family])).toMatchObject({ reached: true });
      expect(await pathMtu(web, site.outside, { family })).toBe(NARROW);
      expect(await ping(web, db, { family, ttl: 1 })).toMatchObject({ reached: false, errorFrom: routers[family] });
    });
  });

  it('send no frame whose ethertype is not the protocol that a raw socket claims', async () => {
    const macOf = async (pod: Pod) =>
      (JSON.parse(await pod.run(['ip', '-j', 'link', 'show', 'eth0'])) as [IpLink])[0].address.replace(/^none$/, '00:00:00:00:00:00');
    const link = new Frame().eth(await macOf(web), '00:00:00:00:00:00', 0x0800).bytes();
    const packet = new Frame()
      .ip4(await web.address(4), await db.address(4))
      .udp(1, 4711)
      .bytes();
    const send = (type: number) => {
      const frame = Buffer.concat([link.subarray(0, 12), Uint8Array.of(type >> 8, type & 0xff), packet]);
      return web.run(['perl', '-e', SEND, frame.toString('hex')]);
    };
    const refused = async () => {
      const { drops } = await site.status();
      const rows = drops.filter(({ reason }) => reason.toLowerCase() === 'unsupported ethertype');
      return rows.reduce((sum, { packets }) => sum + Number(packets), 0);
    };
    const arrived = async () => Number(/UdpNoPorts\s+(\d+)/.exec(await db.run(['nstat', '-asz', 'UdpNoPorts']))?.[1]);
    const before = [await arrived(), await refused()] as const;
    await send(0x0800);
    expect([await arrived(), await refused()]).toEqual([before[0] + 1, before[1]]);
    await send(0x88cc);
    await send(0x0806);
    expect([await arrived(), await refused()]).toEqual([before[0] + 1, before[1] + 2]);
  });

  it('need no neighbour where there is no layer 2: none is known, asked for or told', async () => {
    if (mode === 'netkit-l2') return;
    const dump = await web.run(['ip', '-j', 'neigh', 'show', 'nud', 'all']);
    const known = (JSON.parse(dump || '[]') as { dst: string; state: string[] }[]).filter(({ dst }) =>
      Object.values(routers).some((one) => one === dst),
    );
    expect(known.filter(({ state }) => !state.includes('NOARP'))).toEqual([]);
    const { drops } = await site.status();
    const talk = ['router solicitation', 'multicast listener', 'neighbour announced', 'unknown neighbour', 'duplicate address'];
    expect(drops.filter(({ reason }) => talk.includes(reason.toLowerCase()))).toEqual([]);
  });
});
