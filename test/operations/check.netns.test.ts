import { describe, expect, it } from 'vitest';
import { maps } from '../../bpf/layout.generated.ts';
import type { Endpoint } from '../../conf/api/types.ts';
import { addressBytes } from '../../daemon/datapath/address.ts';
import { BpfMap, getPinned } from '../../native/index.ts';
import { attachmentOf, CniError, type Pod } from '../../test-harness/index.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

/*
 * CHECK names what is broken, whatever it is: each row breaks one thing of a whole attachment. What the daemon restores by itself
 * (drift.netns.test.ts) is broken over and over, until it waits with that.
 */

const pins = '/sys/fs/bpf/axoneme/v1';

let site: TestNode;
sharedFixture(async () => {
  site = await TestNode.open();
  return site;
});

interface Broken {
  readonly pod: Pod;
  readonly endpoint: Endpoint;
}

const inPod =
  (...argv: string[]) =>
  ({ pod }: Broken) =>
    pod.run(argv);
const onHost =
  (...argv: string[]) =>
  ({ endpoint }: Broken) =>
    site.node.run(argv.map((word) => (word === 'HOST' ? endpoint.hostIfname : word)));
const unpin = (name: string) => (broken: Broken) => site.node.remove(`${pins}/links/${broken.endpoint.hostIfname}/${name}`);

/** Changes or removes a row of one of the daemon's maps, behind its back. */
async function withMap<N extends 'axo_endpoints' | 'axo_devices' | 'axo_ipcache'>(
  name: N,
  work: (map: BpfMap<ReturnType<(typeof maps)[N]['key']['decode']>, ReturnType<(typeof maps)[N]['value']['decode']>>) => void,
): Promise<void> {
  using fd = getPinned(await site.node.path(`${pins}/maps/${name}`));
  const { key, value } = maps[name];
  work(new BpfMap(fd, key as never, value as never));
}

const ipv4 = ({ endpoint }: Broken) => addressBytes(endpoint.ipv4?.address ?? '');
const endpointRow = (change: object) => (broken: Broken) =>
  withMap('axo_endpoints', (map) => {
    const key = { addr: ipv4(broken) };
    const row = map.get(key);
    if (row !== undefined) map.set(key, { ...row, ...change });
  });

async function whole(name: string): Promise<Broken> {
  const { pod } = await site.add(name);
  const all = JSON.parse(await site.cli('endpoint', 'list', '-o', 'json')) as Endpoint[];
  const endpoint = all.find(({ containerId }) => containerId === pod.containerId);
  if (endpoint === undefined) throw new Error(`find endpoint of ${name}`);
  await site.runtime.check(site.network, attachmentOf(pod));
  return { pod, endpoint };
}

/** More than the daemon restores without a delay. */
const BREAKS = 8;

/** All that CHECK says once something is broken. */
async function complaint(broken: Broken, break_: (broken: Broken) => Promise<unknown>): Promise<string> {
  for (let i = 0; i < BREAKS; i++) {
    await break_(broken);
    const error: unknown = await site.runtime.check(site.network, attachmentOf(broken.pod)).catch((thrown: unknown) => thrown);
    if (error === undefined) continue;
    if (!(error instanceof CniError)) throw error;
    expect(error.code).toBe(103);
    return `${error.message}\n${error.details}`;
  }
  throw new Error('CHECK finds nothing');
}

let pods = 0;

describe('CHECK of a pod', () => {
  it.each<[what: string, break_: (broken: Broken) => Promise<unknown>, says: string | RegExp]>([
    ['IPv4 default route', inPod('ip', 'route', 'delete', 'default'), 'route 0.0.0.0/0 via 10.0.0.1 on eth0 is gone'],
    ['IPv6 default route', inPod('ip', '-6', 'route', 'delete', 'default'), 'route ::/0 via fd00::1 on eth0 is gone'],
    ['router route', inPod('ip', '-6', 'route', 'delete', 'fd00::1/128'), 'route fd00::1/128 on eth0 is gone'],
    ['IPv4 address', inPod('ip', '-4', 'address', 'flush', 'dev', 'eth0'), /address 10\.0\.0\.\d+\/32 is gone/],
    ['IPv6 address', inPod('ip', '-6', 'address', 'flush', 'dev', 'eth0', 'scope', 'global'), /address fd00::\w+\/128 is gone/],
    ['MTU', inPod('ip', 'link', 'set', 'eth0', 'mtu', '1280'), 'interface eth0 has MTU 1280, not 1500'],
    ['MAC', inPod('ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:00:01'), 'interface eth0 has MAC 02:00:00:00:00:01, not'],
    ['state of the interface', inPod('ip', 'link', 'set', 'eth0', 'down'), 'interface eth0 is down'],
    ['name of the interface', inPod('sh', '-c', 'ip link set eth0 down && ip link set eth0 name eth9'), 'interface eth0 is gone'],
    ['MTU of the host device', onHost('ip', 'link', 'set', 'HOST', 'mtu', '1300'), /host device lxc\w+ has MTU 1300, not 1500/],
    [
      'MAC of the host device',
      onHost('ip', 'link', 'set', 'HOST', 'address', '02:00:00:00:00:02'),
      /host device lxc\w+ has MAC 02:00:00:00:00:02/,
    ],
    ['state of the host device', onHost('ip', 'link', 'set', 'HOST', 'down'), /host device lxc\w+ is down/],
    ['host device', onHost('ip', 'link', 'delete', 'HOST'), /host device lxc\w+ is gone/],
    ['ingress program', unpin('ingress'), 'ingress program is gone or detached'],
    ['egress program', unpin('egress'), 'egress program is gone or detached'],
    [
      'row of the address',
      (broken) => withMap('axo_endpoints', (map) => map.delete({ addr: ipv4(broken) })),
      /row of address 10\.0\.0\.\d+ in axo_endpoints is missing/,
    ],
    ['MTU in the row of the address', endpointRow({ mtu: 9000 }), /row of address 10\.0\.0\.\d+ in axo_endpoints is wrong/],
    ['owner of the address', endpointRow({ id: 4242 }), /address 10\.0\.0\.\d+ belongs to endpoint 4242/],
    [
      'row of the device',
      ({ endpoint }) => withMap('axo_devices', (map) => map.delete({ ifindex: endpoint.hostIfindex })),
      /row of device \d+ in axo_devices is missing/,
    ],
    [
      'identity of the address',
      (broken) => withMap('axo_ipcache', (map) => map.delete({ prefixlen: 128, pad: 0, addr: ipv4(broken) } as never)),
      /identity of 10\.0\.0\.\d+ in axo_ipcache is 2, not/,
    ],
  ])('names a broken %s, and DEL still succeeds', async (_, break_, says) => {
    const broken = await whole(`check-${pods++}`);
    expect(await complaint(broken, break_)).toMatch(says);
    await site.delete(broken.pod);
  });
});
