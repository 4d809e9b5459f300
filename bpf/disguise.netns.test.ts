import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setSysctl } from '../native/index.ts';
import { Frame } from './testing/frame.ts';
import { BpfLab, beyond } from './testing/lab.ts';
import { neighbour, node, self } from './testing/world.ts';

/*
 * The addresses of a packet from outside are judged in whatever it is wrapped: what the programs leave to the stack, the stack may unwrap. A
 * packet socket outside sends the frames, and the node's own counters say what arrived. The node is one that kube-proxy set up.
 */

let lab: BpfLab;
let macOfNode: string;
beforeAll(async () => {
  lab = await BpfLab.open();
  macOfNode = /link\/ether (\S+)/.exec(lab.run('node', 'ip', 'link', 'show', 'eth0').output)?.[1] ?? '';
  for (const name of ['conf.all.route_localnet', 'conf.eth0.route_localnet', 'ip_forward', 'conf.all.rp_filter', 'conf.eth0.rp_filter']) {
    await setSysctl(lab.netnsOf('node'), `net.ipv4.${name}`, name.endsWith('rp_filter') ? '0' : '1');
  }
  await setSysctl(lab.netnsOf('node'), 'net.ipv6.conf.all.forwarding', '1');
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
});

/** TCP and UDP of a place that met no socket, and echo requests. */
function arrived(place: string | typeof self): number {
  const names = ['UdpNoPorts', 'Udp6NoPorts', 'TcpOutRsts', 'IcmpInEchos', 'Icmp6InEchos'];
  const { output } = lab.run(place, 'nstat', '-asz', ...names);
  return [...output.matchAll(/^\w+\s+(\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

function increase(to: string | typeof self, ...frames: readonly Frame[]): number {
  const before = arrived(to);
  for (const frame of frames) lab.send('outside', frame);
  return arrived(to) - before;
}

type Ends = { readonly ipv4: string; readonly ipv6?: string };
type Talk = readonly [source: Ends, destination: Ends];

const ipv4 = (build: (source: string, destination: string) => Frame[]) => (source: Ends, destination: Ends) =>
  build(source.ipv4, destination.ipv4);

const macs = { unicast: () => macOfNode, broadcast: () => 'ff:ff:ff:ff:ff:ff', multicast: () => '33:33:00:00:00:01' };
const link = (to: keyof typeof macs = 'unicast') => new Frame().eth('02:00:00:00:00:fe', macs[to]());

/** A TCP SYN in two fragments, the first one too small for the whole header. */
function tiny(source: string, destination: string): Frame[] {
  const segment = new Frame().ip4(source, destination).tcp(1000, 4711, 2).bytes().subarray(20);
  return [
    link().ip4(source, destination, { id: 7, moreFragments: true }).payload(segment.subarray(0, 16), 6),
    link().ip4(source, destination, { id: 7, offset: 16 }).payload(segment.subarray(16), 6),
  ];
}

/** An echo request behind more extension headers than the programs walk. */
function long(source: string, destination: string): Frame {
  let frame = link().ip6(source, destination);
  for (let i = 0; i < 7; i += 1) frame = frame.extension(60);
  return frame.icmp(128);
}

const loopback = { ipv4: '127.0.0.1' };
const tagged = (tags: number) => Array.from({ length: tags }).reduce<Frame>((frame) => frame.vlan(0), link());

/** What an outside host sends, as `source`, to `destination`; and the place that must not get it. */
const disguises: readonly (readonly [
  what: string,
  to: 'node' | typeof self,
  send: (source: Ends, destination: Ends) => Frame[],
  bad: Talk,
])[] = [
  ['a tiny first fragment to loopback', 'node', ipv4(tiny), [beyond, loopback]],
  ['a tiny first fragment from a pod', 'node', ipv4(tiny), [self, node]],
  ['too many extension headers from a pod', 'node', (source, to) => [long(source.ipv6 ?? '', to.ipv6 ?? '')], [self, node]],
  ['a broadcast frame to loopback', 'node', ipv4((source, to) => [link('broadcast').ip4(source, to).udp(1, 4711)]), [beyond, loopback]],
  ['a broadcast frame from a pod', 'node', ipv4((source, to) => [link('broadcast').ip4(source, to).udp(1, 4711)]), [self, node]],
  [
    'a multicast frame from a pod',
    'node',
    (source, to) => [
      link('multicast')
        .ip6(source.ipv6 ?? '', to.ipv6 ?? '')
        .udp(1, 4711),
    ],
    [self, node],
  ],
  ...[2, 3, 4].flatMap((tags) => [
    [
      `${tags} priority tags to loopback`,
      'node',
      ipv4((source, to) => [tagged(tags).ip4(source, to).udp(1, 4711)]),
      [beyond, loopback],
    ] as const,
    [
      `${tags} priority tags from a pod`,
      neighbour,
      ipv4((source, to) => [tagged(tags).ip4(source, to).udp(1, 4711)]),
      [self, neighbour],
    ] as const,
  ]),
];

describe('a packet from outside whose addresses no packet from there may have', () => {
  it.each(disguises)('does not arrive as %s, and with other addresses it does', (_, place, send, [source, destination]) => {
    const honest = place === 'node' ? node : neighbour;
    expect(increase(place, ...send(beyond, honest))).toBe(1);
    expect(increase(place, ...send(source, destination))).toBe(0);
  });
});

it('more priority tags than anybody sends are dropped', () => {
  expect(increase(neighbour, tagged(6).ip4(beyond.ipv4, neighbour.ipv4).udp(1, 4711))).toBe(0);
});
