/**
 * Records the golden vectors again: `node native/netlink/testdata/capture.ts [path of ip]`, as root, with strace. Every command runs in a
 * network namespace of its own; iproute2 writes the requests, the kernel the answers. A kernel that refuses a request does not matter: the
 * bytes were sent.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ip = process.argv[2] ?? 'ip';
const scratch = mkdtempSync(join(tmpdir(), 'axo-capture-'));
process.on('exit', () => rmSync(scratch, { recursive: true }));
const version = execFileSync(ip, ['-V'], { encoding: 'utf8' }).trim().replace('ip utility, ', '');

/** Commands whose last request is kept. `netns /proc/self/ns/net`: the number of the descriptor is in the vector. */
const requests: Record<string, { readonly command: string }> = {
  'veth with peer in a namespace': {
    command:
      'link add name lxc1a2b address 02:00:00:00:00:01 mtu 1400 txqlen 500 group 7 type veth peer name eth0 address 02:00:00:00:00:02 mtu 1300 txqueuelen 900 netns /proc/self/ns/net',
  },
  'netkit l3': {
    command: 'link add name nk0 mtu 1400 type netkit mode l3 blackhole scrub none peer forward scrub default name nk1 netns /proc/self/ns/net',
  },
  'netkit l2': { command: 'link add name nk0 type netkit mode l2 forward peer blackhole name nk1' },
  'vxlan external': { command: 'link add name axo_vxlan type vxlan external dstport 8472 nolearning udp6zerocsumtx udp6zerocsumrx' },
  'vxlan with id': { command: 'link add name vx7 type vxlan id 7 local 10.0.0.1 remote 10.0.0.2 dev lo dstport 4789 srcport 1000 2000 ttl 64 gbp' },
  'vxlan over ipv6': { command: 'link add name vx8 type vxlan id 8 local fd00::1 remote fd00::2 dstport 4789' },
  vrf: { command: 'link add name blue type vrf table 10' },
  dummy: { command: 'link add name d0 type dummy' },
  'set up and noarp': { command: 'link set lo up arp off' },
  'set mtu, group, name': { command: 'link set lo mtu 9000 group 5 name lo9' },
  'set addrgenmode': { command: 'link set lo addrgenmode none' },
  'set netns': { command: 'link set lo netns /proc/self/ns/net' },
  'delete link': { command: 'link del lo' },
  'delete group': { command: 'link del group 7' },
  'add altname': { command: 'link property add dev lo altname a-long-alternative-name altname b' },
  'delete altname': { command: 'link property del dev lo altname b' },
  'add address': { command: 'addr add 10.0.0.1/32 dev lo' },
  'add address, many options': {
    command: 'addr add fd00::1/64 dev lo nodad noprefixroute metric 77 valid_lft 300 preferred_lft 200',
  },
  'add address with peer': { command: 'addr add 10.0.0.1 peer 10.0.0.2/32 dev lo scope link label lo:1' },
  'delete address': { command: 'addr del 127.0.0.1/8 dev lo' },
  'add route on link': { command: 'route add 10.0.0.0/24 dev lo' },
  'add default route': { command: 'route add default via 10.0.0.1 dev lo onlink src 10.0.0.9 metric 100 mtu 1400 advmss 1360' },
  'replace route ipv6': { command: '-6 route replace fd00:1::/64 via fe80::1 dev lo table 1000 proto static mtu lock 1280' },
  'add route via ipv6': { command: 'route add 10.2.0.0/16 via inet6 fe80::1 dev lo' },
  'add multipath': { command: 'route add 10.3.0.0/16 nexthop via 10.0.0.1 dev lo weight 3 onlink nexthop via 10.0.0.2 dev lo' },
  'add blackhole': { command: 'route add blackhole 10.4.0.0/16' },
  'delete route': { command: 'route del 10.0.0.0/24 dev lo' },
  'add permanent neighbour': { command: 'neigh add 10.0.0.1 lladdr 02:00:00:00:00:09 dev lo nud permanent' },
  'replace neighbour ipv6': { command: 'neigh replace fe80::1 lladdr 02:00:00:00:00:09 dev lo nud stale router' },
  'add proxy': { command: 'neigh add proxy 10.0.0.2 dev lo' },
  'delete neighbour': { command: 'neigh del 10.0.0.1 dev lo' },
  'add rule': { command: 'rule add priority 100 from 10.0.0.0/24 to 10.1.0.0/16 fwmark 0x200/0xf00 iif lo lookup 1000' },
  'add rule ipv6': { command: '-6 rule add priority 9 not from fd00::/64 ipproto tcp dport 80-90 sport 7 protocol static unreachable' },
  'add rule l3mdev': { command: 'rule add priority 1000 l3mdev' },
  'add rule with suppressed prefix': { command: 'rule add priority 5 oif lo table 7 suppress_prefixlength 0' },
  'delete rule': { command: 'rule del priority 100' },
};

const pair = 'link add name lxc1 address 02:00:00:00:00:01 group 7 type veth peer name eth0 address 02:00:00:00:00:02';

/** Commands whose answers of type `type` (RTM_NEW*, or 2 for an error) are kept. */
const answers: Record<string, { readonly before: readonly string[]; readonly command: string; readonly type: number }> = {
  'veth pair': { before: [pair, 'link property add dev lxc1 altname other', 'link set lxc1 up alias words'], command: '-d link show', type: 16 },
  'vxlan external': { before: ['link add name vx type vxlan external dstport 8472'], command: '-d link show dev vx', type: 16 },
  'vxlan with id': { before: [requests['vxlan with id']?.command ?? ''], command: '-d link show dev vx7', type: 16 },
  'bridge member': { before: ['link add br0 type bridge', pair, 'link set lxc1 master br0'], command: '-d link show dev lxc1', type: 16 },
  addresses: {
    before: ['link set lo up', 'addr add 10.0.0.1 peer 10.0.0.2/32 dev lo label lo:1', 'addr add fd00::1/64 dev lo nodad valid_lft 300 preferred_lft 200'],
    command: 'addr show',
    type: 20,
  },
  'routes ipv4': {
    before: [
      pair,
      'link set lxc1 up',
      'link set eth0 up',
      'addr add 10.0.0.1/24 dev lxc1',
      'route add 10.1.0.0/16 dev lxc1 src 10.0.0.1 metric 5 mtu 1400 advmss 1360',
      'route add 10.2.0.0/16 via inet6 fe80::1 dev lxc1',
      'route add 10.3.0.0/16 table 1000 nexthop via 10.0.0.3 dev lxc1 weight 3 nexthop via 10.9.0.2 dev lxc1 onlink',
      'route add blackhole default',
    ],
    command: '-4 route show table all',
    type: 24,
  },
  'routes ipv6': { before: ['link set lo up', '-6 route add fd00:1::/64 dev lo mtu lock 1280 proto bgp'], command: '-6 route show table all', type: 24 },
  neighbours: {
    before: [pair, 'link set lxc1 up', 'neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev lxc1', 'neigh add fe80::9 lladdr 02:00:00:00:00:0a dev lxc1 nud stale router'],
    command: 'neigh show',
    type: 28,
  },
  rules: { before: ['rule add priority 100 not from 10.0.0.0/24 fwmark 0x200/0xf00 ipproto tcp dport 80-90 lookup 1000'], command: 'rule show', type: 32 },
  'refusal with words': { before: ['link set lo up'], command: 'route add 10.9.0.0/16 via 10.8.0.1 dev lo', type: 2 },
};

/** Runs `ip` under strace after `before`, in one namespace; gives the hex of all messages written, or read. */
function trace(before: readonly string[], command: string, direction: 'write' | 'read'): string[] {
  const log = join(scratch, 'strace');
  const setup = before.map((line) => `${ip} ${line}`);
  const script = [...setup, `strace -o ${log} -e trace=sendmsg,recvmsg -e ${direction}=3 ${ip} ${command} || true`].join('\n');
  execFileSync('unshare', ['-n', 'sh', '-ec', script], { stdio: ['ignore', 'ignore', 'ignore'] });
  const calls = readFileSync(log, 'utf8').split(/^(?=sendmsg|recvmsg)/m);
  return calls.filter((call) => call.startsWith(direction === 'write' ? 'sendmsg' : 'recvmsg')).map(hexOf).filter((hex) => hex !== '');
}

/** The hex columns of strace's dump: ` | 00000  28 00 00 00 ...  (... |`. */
function hexOf(call: string): string {
  return [...call.matchAll(/^ \| [0-9a-f]+ {2}(.{49})/gm)].map((line) => (line[1] ?? '').replaceAll(' ', '')).join('');
}

const save = (file: string, content: object) => writeFileSync(join(import.meta.dirname, file), `${JSON.stringify(content, null, 2)}\n`);
const source = `${version}, strace`;

save(
  'requests.json',
  Object.entries(requests).map(([name, { command }]) => ({ name, source, command: `ip ${command}`, hex: trace([], command, 'write').at(-1) })),
);
save(
  'answers.json',
  Object.entries(answers).map(([name, { before, command, type }]) => ({
    name,
    source: `Linux ${execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim()} to ${source}`,
    before: before.map((line) => `ip ${line}`),
    command: `ip ${command}`,
    datagrams: trace(before, command, 'read').filter((hex) => Buffer.from(hex, 'hex').readUInt16LE(4) === type),
  })),
);
