import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Scratch } from '../../native/fixture.ts';
import { AttachType, BpfMap, createLink, type Fd, loadObject, Netns, Rtnetlink, setSysctl } from '../../native/index.ts';
import { maps, objects, type ProgramName } from '../layout.generated.ts';
import type { Frame } from './frame.ts';
import { deviceOf, endpointEntries, host, pods, router, settings, type TestPod } from './world.ts';

/** A namespace of the lab. */
export interface Place {
  readonly path: string;
  readonly netns: Netns;
  readonly net: Rtnetlink;
}

const uplinks = {
  node: ['192.0.2.10/24', '2001:db8::10/64'],
  outside: ['192.0.2.1/24', '2001:db8::1/64'],
} as const;

/** The outside host's addresses. */
export const beyond = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' };
/** MTU of the wire between node and outside; pods have 1500 or less. */
export const WIRE_MTU = 1400;

/** Perl is on every Debian and Ubuntu. A sockaddr_ll of AF_PACKET: family, protocol, interface, and nothing more for SOCK_RAW. */
const SEND = `
socket(my $s, 17, 3, 0) or die "socket: $!";
my $index = \`ip -o link show $ARGV[0]\` =~ /^(\\d+)/ ? $1 : die;
send($s, pack('H*', $ARGV[1]), 0, pack('S n i S C C a8', 17, hex $ARGV[2], $index, 0, 0, 0, '')) or die "send: $!";`;

/**
 * A node with the three pods of world.ts and an outside host, each a namespace of its own, joined by devices of the kernel's and carrying the
 * built programs. Dispose it; it also goes when the process dies.
 */
export class BpfLab {
  readonly #scratch = new Scratch();
  readonly #fds: Fd[] = [];
  readonly #shared = new Map<string, Fd>();
  readonly #children: ChildProcess[] = [];
  readonly #places = new Map<string, Place>();

  static async open(): Promise<BpfLab> {
    const lab = new BpfLab();
    const node = await lab.#place('node');
    const hostIfindexes = await addHostDevices(node);
    const wire = await addWire(node, await lab.#place('outside'));
    const ifindexes = new Map<TestPod, number>();
    for (const pod of pods) ifindexes.set(pod, await addPod(node, await lab.#place(podName(pod)), pod));
    await lab.#attach(node, hostIfindexes, ifindexes, wire);
    return lab;
  }

  async #place(name: string): Promise<Place> {
    const path = await this.#scratch.netns(name);
    const netns = Netns.open(path);
    const place = { path, netns, net: await Rtnetlink.open(netns) };
    await place.net.links.set((await place.net.links.get('lo')).ifindex, { up: true });
    this.#places.set(name, place);
    return place;
  }

  /** Loads every object over the same pinned maps, fills the maps, attaches the programs. */
  async #attach(node: Place, hosts: { host: number; net: number }, ifindexes: Map<TestPod, number>, wire: number): Promise<void> {
    const pinMapsUnder = join(await this.#scratch.bpffs(), 'maps');
    mkdirSync(pinMapsUnder);
    const rodata = { ...settings, cfg_host_ifindex: hosts.host, cfg_net_ifindex: hosts.net };
    const programs = new Map<string, Fd>();
    for (const object of objects) {
      const loaded = await loadObject({ path: join(import.meta.dirname, `../../dist/bpf/${object}.o`), rodata, pinMapsUnder });
      this.#fds.push(...loaded.maps.values(), ...loaded.programs.values());
      for (const [name, fd] of loaded.maps) this.#shared.set(name, fd);
      for (const [name, fd] of loaded.programs) programs.set(name, fd);
    }
    const use = (name: string): Fd => this.#shared.get(name) ?? programs.get(name) ?? fail(name);
    fillMaps(use, ifindexes);
    const attach = async (program: ProgramName, ifindex: number, attachType: AttachType) => {
      this.#fds.push(await createLink({ program: use(program), ifindex, attachType, netns: node.netns }));
    };
    for (const ifindex of ifindexes.values()) {
      await attach('axo_from_container', ifindex, AttachType.tcxIngress);
      await attach('axo_to_container', ifindex, AttachType.tcxEgress);
    }
    await attach('axo_from_host', hosts.host, AttachType.tcxEgress);
    await attach('axo_to_host', hosts.host, AttachType.tcxIngress);
    await attach('axo_from_netdev', wire, AttachType.tcxIngress);
    await attach('axo_to_netdev', wire, AttachType.tcxEgress);
  }

  /** Runs a command at a place (`node`, `outside`, or a pod); answers with its exit code and all that it printed. */
  run(place: string | TestPod, ...command: readonly string[]): { code: number; output: string } {
    const { path } = this.#places.get(typeof place === 'string' ? place : podName(place)) ?? fail(String(place));
    const { status, stdout, stderr } = spawnSync('nsenter', [`--net=${path}`, ...command], { encoding: 'utf8' });
    return { code: status ?? -1, output: stdout + stderr };
  }

  /**
   * Sends a frame out of a place's eth0 by a packet socket, as it is. `protocol`: what the socket says that it is, in hexadecimal; a
   * tagged frame's own when absent.
   */
  send(place: string | TestPod, frame: Frame, protocol = '0003'): void {
    const { code, output } = this.run(place, 'perl', '-e', SEND, 'eth0', Buffer.from(frame.bytes()).toString('hex'), protocol);
    if (code !== 0 || output !== '') throw new Error(`send a frame at ${typeof place === 'string' ? place : podName(place)}: ${output}`);
  }

  /** The namespace of a place; the lab closes it. */
  netnsOf(place: string): Netns {
    return (this.#places.get(place) ?? fail(place)).netns;
  }

  /** A map that the programs share; open while the lab is. */
  map(name: keyof typeof maps): Fd {
    return this.#shared.get(name) ?? fail(name);
  }

  /** Starts a command at a place. It is killed with the lab. */
  start(place: string | TestPod, ...command: readonly string[]): ChildProcess {
    const { path } = this.#places.get(typeof place === 'string' ? place : podName(place)) ?? fail(String(place));
    const child = spawn('nsenter', [`--net=${path}`, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.push(child);
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const fd of this.#fds.reverse()) fd.close();
    for (const { net, netns } of this.#places.values()) {
      net.close();
      netns.close();
    }
    await this.#scratch[Symbol.asyncDispose]();
  }
}

const podName = (pod: TestPod) => `pod${pod.id}`;

function fail(what: string): never {
  throw new Error(`use ${what}: the lab has none`);
}

function fillMaps(use: (name: string) => Fd, ifindexes: Map<TestPod, number>): void {
  const endpoints = new BpfMap(use('axo_endpoints'), maps.axo_endpoints.key, maps.axo_endpoints.value);
  const devices = new BpfMap(use('axo_devices'), maps.axo_devices.key, maps.axo_devices.value);
  const real = new Map([...ifindexes].map(([pod, ifindex]) => [pod.ifindex, ifindex]));
  for (const { key, value } of endpointEntries()) endpoints.set(key, { ...value, ifindex: real.get(value.ifindex) ?? 0 });
  for (const [pod, ifindex] of ifindexes) devices.set({ ifindex }, deviceOf(pod));
}

async function bringUp({ net }: Place, name: string, addresses: readonly string[], change: { noArp?: boolean } = {}): Promise<number> {
  const { ifindex } = await net.links.get(name);
  await net.links.set(ifindex, { up: true, ...change });
  for (const address of addresses) await net.addresses.add({ ifindex, address, ...(address.includes(':') && { noDad: true }) });
  return ifindex;
}

async function addHostDevices(node: Place): Promise<{ host: number; net: number }> {
  await node.net.links.create({ name: 'axo_host', kind: 'veth', mac: host.mac, peer: { name: 'axo_net' } });
  const net = await bringUp(node, 'axo_net', [], { noArp: true });
  const ifindex = await bringUp(node, 'axo_host', [`${router.ipv4}/32`, `${router.ipv6}/128`], { noArp: true });
  for (const destination of ['10.0.0.0/24', 'fd00::/64']) await node.net.routes.add({ destination, ifindex });
  for (const family of ['ipv4', 'ipv6']) await setSysctl(node.netns, `net.${family}.conf.axo_host.forwarding`, '1');
  return { host: ifindex, net };
}

async function addWire(node: Place, outside: Place): Promise<number> {
  const peer = { name: 'eth0', netns: outside.netns, mtu: WIRE_MTU };
  await node.net.links.create({ name: 'eth0', kind: 'veth', mtu: WIRE_MTU, peer });
  const ifindex = await bringUp(node, 'eth0', uplinks.node);
  const far = await bringUp(outside, 'eth0', uplinks.outside);
  await outside.net.routes.add({ destination: '10.0.0.0/24', gateway: '192.0.2.10', ifindex: far });
  await outside.net.routes.add({ destination: 'fd00::/64', gateway: '2001:db8::10', ifindex: far });
  return ifindex;
}

/** The pair of a pod, with the addresses and routes that the plugin gives it. Returns the index of the node's side. */
async function addPod(node: Place, place: Place, pod: TestPod): Promise<number> {
  const name = `lxc${pod.id}`;
  const peer = { name: 'eth0', mac: pod.mac, mtu: pod.mtu, netns: place.netns };
  await node.net.links.create({ name, kind: 'veth', mac: pod.nodeMac, mtu: pod.mtu, peer });
  const near = await bringUp(node, name, []);
  const ifindex = await bringUp(place, 'eth0', [`${pod.ipv4}/32`, `${pod.ipv6}/128`]);
  await place.net.routes.add({ destination: `${router.ipv4}/32`, ifindex, scope: 'link' });
  await place.net.routes.add({ destination: `${router.ipv6}/128`, ifindex });
  for (const gateway of [router.ipv4, router.ipv6]) {
    await place.net.routes.add({ destination: 'default', family: gateway.includes(':') ? 6 : 4, gateway, ifindex });
  }
  return near;
}
