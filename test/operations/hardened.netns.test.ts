import { expect, it } from 'vitest';
import type { Health } from '../../conf/api/types.ts';
import { type Lab, type Machine, type Pod, tcpEcho } from '../../test-harness/index.ts';
import { TestNode } from '../fixtures/test-node.ts';
import { testTopology } from '../fixtures/test-topology.ts';

/* Nodes are hardened by settings that know nothing of pods. Pods work all the same, or the status says what stands in the way. */

/** What a setting keeps from working: conversations, and what the status says of it. */
interface Limits {
  readonly lost: readonly string[];
  readonly says: readonly RegExp[];
}

const none: Limits = { lost: [], says: [] };
const sysctls = (...settings: string[]) => settings.map((setting) => `sysctl -qw net.${setting}`);
const both = (setting: string) => sysctls(`ipv4.conf.all.${setting}`, `ipv4.conf.default.${setting}`);
const chain = (hook: string) => [
  'nft add table inet hard',
  `nft add chain inet hard ${hook} '{ type filter hook ${hook} priority 0; policy drop; }'`,
  `nft add rule inet hard ${hook} ct state established,related accept`,
  `nft add rule inet hard ${hook} meta l4proto ipv6-icmp accept`,
];

const rows: readonly (readonly [what: string, script: readonly string[], limits: Limits])[] = [
  ['strict reverse path filters', both('rp_filter=1'), none],
  ['loose reverse path filters', both('rp_filter=2'), none],
  ['no router advertisements', sysctls('ipv6.conf.all.accept_ra=0', 'ipv6.conf.default.accept_ra=0'), none],
  ['no IPv6 by default', sysctls('ipv6.conf.default.disable_ipv6=1'), none],
  [
    'no IPv6 at all',
    sysctls('ipv6.conf.default.disable_ipv6=1', 'ipv6.conf.all.disable_ipv6=1'),
    {
      lost: ['pod to outside, IPv6', 'outside to pod, IPv6'],
      says: [/net\.ipv6\.conf\.eth0\.disable_ipv6 is 1: pods have no IPv6 to the outside/],
    },
  ],
  ['ARP only for own addresses', [...both('arp_ignore=2'), ...both('arp_announce=2'), ...both('arp_filter=1')], none],
  ['no redirects', [...both('send_redirects=0'), ...both('accept_redirects=0'), ...both('secure_redirects=0')], none],
  ['no source routes, martians logged', [...both('accept_source_route=0'), ...both('log_martians=1')], none],
  ['no local sources from outside', [...both('accept_local=0'), ...both('route_localnet=0')], none],
  ['no forwarding', sysctls('ipv4.ip_forward=0', 'ipv6.conf.all.forwarding=0', 'ipv6.conf.default.forwarding=0'), none],
  ['no answers to broadcasts, SYN cookies', sysctls('ipv4.icmp_echo_ignore_broadcasts=1', 'ipv4.tcp_syncookies=1'), none],
  [
    'few addresses of IPv6',
    sysctls('ipv6.conf.default.max_addresses=1', 'ipv6.conf.default.autoconf=0', 'ipv6.conf.default.router_solicitations=0'),
    none,
  ],
  [
    'a firewall that drops what comes in',
    chain('input'),
    {
      lost: ['pod to node, IPv4', 'pod to node, IPv6'],
      says: [/chain inet hard input drops by default: pods cannot reach the node unless/],
    },
  ],
  ['a firewall that drops what is forwarded', chain('forward'), none],
  [
    'a firewall that drops what goes out',
    chain('output'),
    {
      lost: ['node to pod, IPv4', 'node to pod, IPv6'],
      says: [/chain inet hard output drops by default: the node cannot reach its pods unless/],
    },
  ],
  ['iptables that drop what is forwarded', ['iptables -P FORWARD DROP', 'ip6tables -P FORWARD DROP'], none],
];

async function conversations(node: Machine, outside: Machine, [a, b]: readonly [Pod, Pod]): Promise<string[]> {
  const pairs: [string, Machine | Pod, Machine | Pod][] = [
    ['pod to pod', a, b],
    ['pod to node', a, node],
    ['node to pod', node, a],
    ['pod to outside', a, outside],
    ['outside to pod', outside, a],
  ];
  const tried = pairs.flatMap(([what, from, to]) =>
    ([4, 6] as const).map(async (family) => {
      const { reached } = await tcpEcho(from, to, { family }).catch(() => ({ reached: false }));
      return reached ? [] : [`${what}, IPv${family}`];
    }),
  );
  return (await Promise.all(tried)).flat();
}

it.each(rows)('a node with %s has pods that work, or says why not', async (_what, script, { lost, says }) => {
  await using lab: Lab = await testTopology();
  const node = lab.node('node1');
  // The way to the node's address by IPv6 goes by the router's: a node that has none of its own has that one.
  await node.run(['sh', '-ec', script.join('\n')]);
  const axoneme = await TestNode.start(node);
  const pods = [(await axoneme.add('a')).pod, (await axoneme.add('b')).pod] as const;
  const found = await conversations(node, lab.machine('outside'), pods);
  const { state, problems, warnings = [] } = JSON.parse(await axoneme.cli('status', '-o', 'json')).health as Health;
  expect({ found: found.sort(), state, problems }).toEqual({ found: [...lost].sort(), state: 'ok', problems: [] });
  expect(warnings).toEqual(says.map((sentence) => expect.stringMatching(sentence)));
});
