import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attachmentOf,
  diff,
  formatChanges,
  Lab,
  type Network,
  type Node,
  type Pod,
  Runtime,
  type Snapshot,
  snapshot,
  tcpEcho,
} from '../index.ts';

/** A chain of the reference plugins that touches everything that a snapshot looks at but BPF. */
const conflist = {
  cniVersion: '1.0.0',
  name: 'net',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    { type: 'firewall' },
    { type: 'bandwidth', ingressRate: 8_000_000, ingressBurst: 8_000_000, egressRate: 8_000_000, egressBurst: 8_000_000 },
    { type: 'tuning', sysctl: { 'net.core.somaxconn': '500' }, mtu: 1400 },
  ],
};

let lab: Lab;
let node: Node;
let runtime: Runtime;
let network: Network;

beforeAll(async () => {
  lab = await Lab.create({ nodes: { node1: {} } });
  node = lab.node('node1');
  await node.writeFile('/etc/cni/net.d/10-net.conflist', JSON.stringify(conflist));
  runtime = new Runtime(node, { pluginDirs: ['/usr/lib/cni'] });
  network = await runtime.network('net');
});
afterAll(() => lab.close());

const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }];

/** What differs, with names that plugins draw by lot or derive from the container written as words. */
function changes(pod: Pod, before: Snapshot, after: Snapshot): string[] {
  const words = formatChanges(diff(before, after))
    .replaceAll(pod.containerId, 'ID')
    .replace(/\b(CNI-DN|CNI)-[0-9a-f]{20,}/g, '$1-HASH')
    .replace(/\bbwp[0-9a-f]+/g, 'bwpHASH')
    .replace(/\bveth[0-9a-f]+/g, 'vethHASH')
    .replace(/\bmac [0-9a-f:]+/g, 'mac MAC');
  return words === '' ? [] : words.split('\n');
}

describe('a chain of five reference plugins', () => {
  let pod: Pod;
  let untouched: Record<'node' | 'pod', Snapshot>;
  let added: Record<'node' | 'pod', Snapshot>;
  const both = async () => ({ node: await snapshot(node), pod: await snapshot(pod) });

  beforeAll(async () => {
    pod = await node.addPod('web');
    untouched = await both();
    await runtime.add(network, attachmentOf(pod, { capabilityArgs: { portMappings } }));
    added = await both();
  });

  it('changes this in the pod at ADD, and nothing else', () => {
    expect(changes(pod, untouched.pod, added.pod)).toEqual([
      '+ link eth0  kind veth, mtu 1400, up, mac MAC',
      '+ address 10.88.0.2/24 on eth0  scope global',
      '+ route unicast default on eth0 table 254 metric 0  gateway 10.88.0.1, scope global, protocol boot',
      '+ route unicast 10.88.0.0/24 on eth0 table 254 metric 0  source 10.88.0.2, scope link, protocol kernel',
      '+ route local 10.88.0.2/32 on eth0 table 255 metric 0  source 10.88.0.2, scope host, protocol kernel',
      '+ route broadcast 10.88.0.255/32 on eth0 table 255 metric 0  source 10.88.0.2, scope link, protocol kernel',
      expect.stringMatching(/^~ sysctl net\.core\.somaxconn {2}\d+ → 500$/),
      '+ sysctl net.ipv4.conf.eth0.arp_notify  1',
      '+ sysctl net.ipv6.conf.eth0.accept_dad  0',
    ]);
  });

  it.each([
    [
      'the devices',
      /^\+ link/,
      [
        'cni0  kind bridge, mtu 1500, up, mac MAC',
        'vethHASH  kind veth, mtu 1500, up, master cni0, mac MAC',
        'bwpHASH  kind ifb, mtu 1500, up, mac MAC, noArp',
      ],
    ],
    [
      'the shaping',
      /^\+ (qdisc|filter)/,
      [
        'tbf 1: at root of vethHASH  rate 8000000 bit/s, burst 1000000 B, limit 1025000 B',
        'ingress ffff: at ingress of vethHASH',
        'tbf 1: at root of bwpHASH  rate 8000000 bit/s, burst 1000000 B, limit 1025000 B',
      ],
    ],
    [
      'the switches',
      /sysctl/,
      ['net.ipv4.conf.all.forwarding  0 → 1', 'net.ipv4.ip_forward  0 → 1', 'net.ipv4.conf.cni0.route_localnet  1'],
    ],
    [
      'the translation',
      /iptables/,
      [
        'IPv4 nat -A CNI-DN-HASH -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.88.0.2:80',
        'IPv4 nat -A CNI-HASH ! -d 224.0.0.0/4 -m comment --comment "name: \\"net\\" id: \\"ID\\"" -j MASQUERADE',
        'IPv4 filter -A CNI-FORWARD -s 10.88.0.2/32 -j ACCEPT',
      ],
    ],
    ['the files', /file/, ['/var/lib/cni/networks/net/10.88.0.2', '/var/lib/cni/results/net-ID-eth0', '/run/cni/tuning/ID_eth0.json']],
  ] as const)('changes %s of the node at ADD', (_, section, expected) => {
    const lines = changes(pod, untouched.node, added.node).filter((line) => section.test(line));
    for (const line of expected) expect(lines.map((each) => each.replace(/^[+~] \w+ /, ''))).toContain(line);
    expect(lines.length).toBeGreaterThanOrEqual(expected.length);
  });

  it('redirects by a filter that the diff tells of', () => {
    const filters = changes(pod, untouched.node, added.node).filter((line) => line.startsWith('+ filter'));
    expect(filters).toEqual([
      expect.stringMatching(/^\+ filter u32 priority 1 handle \w+ at ingress of vethHASH {2}actions mirred, to bwpHASH/),
    ]);
  });

  it('changes nothing while it stands, whatever passes through it', async () => {
    await sleep(1500);
    expect((await tcpEcho(pod, node)).reached).toBe(true);
    const later = await both();
    expect(changes(pod, added.node, later.node)).toEqual([]);
    expect(changes(pod, added.pod, later.pod)).toEqual([]);
  });

  it('leaves this behind at DEL: the bridge with its address and routes, chains, switches and empty folders', async () => {
    await runtime.del(network, attachmentOf(pod, { capabilityArgs: { portMappings } }));
    const left = await both();
    expect(changes(pod, untouched.pod, left.pod)).toEqual([expect.stringMatching(/^~ sysctl net\.core\.somaxconn/)]);
    const lines = changes(pod, untouched.node, left.node);
    expect(lines.filter((line) => /^. (link|address|qdisc|filter|program|neighbour|rule)/.test(line))).toEqual([
      '+ link cni0  kind bridge, mtu 1500, up, mac MAC',
      '+ address 10.88.0.1/24 on cni0  scope global',
    ]);
    expect(lines.filter((line) => line.includes('iptables') && !line.includes('chain'))).toEqual([
      '+ iptables IPv4 filter -A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD',
      '+ iptables IPv4 filter -A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN',
      '+ iptables IPv4 nat -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
      '+ iptables IPv4 nat -A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
      '+ iptables IPv4 nat -A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ',
      '+ iptables IPv4 nat -A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE',
      '+ iptables IPv4 nat -A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000',
    ]);
    expect(lines.filter((line) => line.includes('ID') || line.includes('HASH'))).toEqual([]);
  });

  it('leaves nothing more at the second DEL of another pod', async () => {
    const before = await snapshot(node);
    const other = await node.addPod('other');
    await runtime.add(network, attachmentOf(other, { capabilityArgs: { portMappings } }));
    await runtime.del(network, attachmentOf(other, { capabilityArgs: { portMappings } }));
    await node.removePod(other);
    expect(changes(other, before, await snapshot(node)).filter((line) => !line.includes('cni0  kind bridge'))).toEqual([]);
  });
});

describe('what the five do not touch', () => {
  const object = join(import.meta.dirname, '..', '..', 'native', 'bpf', 'testdata', 'sample.bpf.c');

  it('is seen as well: nft, rules, proxies, clsact and XDP programs, pins', async () => {
    const pod = await node.addPod('odd');
    const before = { node: await snapshot(node), pod: await snapshot(pod) };
    const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
    await node.run(['clang', '-O2', '-g', '-target', 'bpf', '-mcpu=v3', `-I/usr/include/${triplet}`, '-c', object, '-o', '/run/sample.o']);
    await node.run(['bpftool', 'prog', 'loadall', '/run/sample.o', '/sys/fs/bpf/sample', 'pinmaps', '/sys/fs/bpf/maps']);
    await pod.run(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1']);
    await pod.run(['sh', '-c', 'ip link set eth0 up; ip link set eth1 up; ip rule add priority 7 from 10.0.0.1 lookup 99']);
    await pod.run(['ip', 'neigh', 'add', 'proxy', '10.0.0.7', 'dev', 'eth0']);
    await pod.run([
      'sh',
      '-c',
      'tc qdisc add dev eth0 clsact; tc filter add dev eth0 egress bpf da pinned /sys/fs/bpf/sample/count_packet',
    ]);
    await pod.run(['ip', 'link', 'set', 'eth1', 'xdpgeneric', 'pinned', '/sys/fs/bpf/sample/pass_xdp']);
    await pod.run([
      'nft',
      'add table inet lab; add chain inet lab in { type filter hook input priority 0; policy drop; }; add rule inet lab in tcp dport 80 counter accept',
    ]);
    const lines = changes(pod, before.pod, await snapshot(pod));
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^\+ rule IPv4 7 /),
        '+ neighbour 10.0.0.7 on eth0  flags proxy',
        '+ qdisc clsact ffff: at ingress of eth0',
        expect.stringMatching(/^\+ filter bpf priority \d+ handle 1 at clsact egress of eth0 {2}program count_packet\S*, direct$/),
        expect.stringMatching(/^\+ program xdp generic 0 on eth1 {2}pass_xdp$/),
        expect.stringMatching(/^\+ nft table inet lab chain in: type filter hook input priority (0|filter); policy drop;$/),
        '+ nft table inet lab chain in: tcp dport 80 counter accept',
      ]),
    );
    const pins = changes(pod, before.node, await snapshot(node, { only: ['pin'] })).filter((line) => line.startsWith('+ pin'));
    expect(pins).toContain('+ pin /sys/fs/bpf/sample/count_packet  program count_packet');
    expect(pins).toContain('+ pin /sys/fs/bpf/maps/hits  map hits');
  });

  it('is in the files, when that is asked for', async () => {
    const options = { only: ['file'], contents: true } as const;
    await node.writeFile('/run/state', 'one');
    const before = await snapshot(node, options);
    await node.writeFile('/run/state', 'two');
    expect(formatChanges(diff(before, await snapshot(node, options)))).toMatch(
      /^~ file \/run\/state {2}sha256 7692c3ad3540 → sha256 \w{12}$/,
    );
  });

  it('can be left out', async () => {
    const only = await snapshot(node, { only: ['link', 'file'], ignore: /^\/var\/lib\/cni/ });
    expect([...only.sections.keys()]).toEqual(['link', 'file']);
    expect([...(only.sections.get('file') ?? new Map()).keys()].filter((name) => name.startsWith('/var/lib/cni'))).toEqual([]);
  });
});
