import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Endpoint, Health } from '../../conf/api/types.ts';
import { hostSysctls } from '../../daemon/datapath/host-sysctls.ts';
import type { NodeItemName } from '../../daemon/datapath/node-items.ts';
import { attachmentOf, type Pod, ping, tcpEcho } from '../../test-harness/index.ts';
import { endpointsOf, get } from '../fixtures/api.ts';
import { executables } from '../fixtures/axoneme.ts';
import { scaledTimeout } from '../fixtures/scaled-timeout.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

/* What others change on a node while the daemon runs is restored: each part of its table, and whatever else somebody was seen to change. */

const pins = '/sys/fs/bpf/axoneme/v1';
/** Long, for a machine that does other things besides: what is never restored is what fails. */
const RESTORED = { timeout: scaledTimeout(60_000), interval: 50 };

let site: TestNode;
let pod: Pod;
sharedFixture(async () => {
  site = await TestNode.open();
  pod = (await site.add('drift')).pod;
  return site;
});

/** A daemon that has restored nothing yet: of several changes in a row it would restore the later ones with a delay. */
beforeEach(async () => {
  await site.daemon.stop();
  await site.restart();
});

const node = (...argv: string[]) => site.node.run(argv);
const shell = (script: string) => node('sh', '-ec', script);
const endpoint = async (): Promise<Endpoint> => {
  const found = (await endpointsOf(site.node)).find(({ containerId }) => containerId === pod.containerId);
  if (found === undefined) throw new Error('find the endpoint of the pod');
  return found;
};
const onPod = (script: string) => async () => shell(script.replaceAll('LXC', (await endpoint()).hostIfname));

const health = async (): Promise<Health> => JSON.parse(await get(await site.node.path('/run/axoneme/axoneme.sock'), '/v1/healthz'));
const check = () => site.runtime.check(site.network, attachmentOf(pod));

/** What does not work, in words. */
async function broken(): Promise<string[]> {
  const tries = [4, 6].flatMap((number) => {
    const family = number as 4 | 6;
    return [
      tcpEcho(pod, site.outside, { family }).then(({ reached }) => (reached ? [] : [`pod to outside by IPv${family}`])),
      ping(site.node, pod, { family }).then(({ reached }) => (reached ? [] : [`node to pod by IPv${family}`])),
      tcpEcho(site.outside, pod, { family }).then(({ reached }) => (reached ? [] : [`outside to pod by IPv${family}`])),
    ];
  });
  return (await Promise.all(tries)).flat();
}

/** Traffic works, and STATUS, the status command and CHECK agree that all is well. */
async function expectWhole(): Promise<void> {
  const found = async () => [await broken(), (await health()).problems, await check().catch((error: unknown) => error)];
  await expect.poll(found, RESTORED).toEqual([[], [], undefined]);
  const { state, problems, warnings } = JSON.parse(await site.cli('status', '-o', 'json')).health as Health;
  expect({ state, problems, warnings }).toEqual({ state: 'ok', problems: [], warnings: [] });
}

type Spoiler = readonly [what: string, spoil: () => Promise<unknown>];

/** By each part of the daemon's table of a node: a part without a row does not compile. */
const spoilers: Readonly<Record<NodeItemName, readonly Spoiler[]>> = {
  pins: [
    ['a program that is not pinned', () => site.node.remove(`${pins}/progs/axo_from_container`)],
    ['a map that is not pinned', () => site.node.remove(`${pins}/maps/axo_endpoints`)],
  ],
  'host-device': [
    ['axo_host down and up', () => shell('ip link set axo_host down; ip link set axo_host up')],
    ['axo_host down', () => node('ip', 'link', 'set', 'axo_host', 'down')],
    ['axo_net down', () => node('ip', 'link', 'set', 'axo_net', 'down')],
    ['axo_host with another MTU', () => node('ip', 'link', 'set', 'axo_host', 'mtu', '1280')],
    ['axo_host with another MAC', () => node('ip', 'link', 'set', 'axo_host', 'address', '02:00:00:00:00:77')],
    ['axo_host with ARP', () => node('ip', 'link', 'set', 'axo_host', 'arp', 'on')],
    ['axo_host in a bridge', () => shell('ip link add br9 type bridge; ip link set axo_host master br9')],
    ['axo_host renamed', () => shell('ip link set axo_host down; ip link set axo_host name other0; ip link set other0 up || true')],
    ['axo_host deleted', () => node('ip', 'link', 'delete', 'axo_host')],
    ['axo_host moved to another namespace', () => shell('unshare -n sleep 3 & sleep 0.3; ip link set axo_host netns $!')],
  ],
  'host-sysctls': [
    ...hostSysctls(true).map(({ name, value }): Spoiler => [name, () => node('sysctl', '-qw', `${name}=${value === '1' ? 0 : 1}`)]),
    ['net.ipv6.conf.all.forwarding written once more', () => node('sysctl', '-qw', 'net.ipv6.conf.all.forwarding=0')],
    ['net.ipv4.ip_forward on and off', () => shell('sysctl -qw net.ipv4.ip_forward=1; sysctl -qw net.ipv4.ip_forward=0')],
    ['net.ipv6.conf.all.disable_ipv6 on and off, and the address of eth0 again', reenableIpv6],
  ],
  'router-addresses': [
    ['the IPv4 address', () => node('ip', 'address', 'delete', '10.0.0.1/32', 'dev', 'axo_host')],
    ['all addresses', () => node('ip', 'address', 'flush', 'dev', 'axo_host')],
  ],
  routes: [
    ['the IPv4 route', () => node('ip', 'route', 'delete', '10.0.0.0/24')],
    ['the IPv6 route', () => node('ip', '-6', 'route', 'delete', 'fd00::/120')],
    ['the IPv4 route to another device', () => node('ip', 'route', 'replace', '10.0.0.0/24', 'dev', 'lo')],
    ['all routes of axo_host', () => shell('ip route flush dev axo_host; ip -6 route flush dev axo_host')],
  ],
  'host-programs': [
    ['the pin of one', () => site.node.remove(`${pins}/links/axo_host/egress`)],
    ['all pins', () => node('rm', '-r', `${pins}/links/axo_host`)],
    ['detached', () => shell(`for hook in ingress egress; do bpftool link detach pinned ${pins}/links/axo_host/$hook; done`)],
  ],
  'native-devices': [
    ['programs detached', async () => shell(`bpftool link detach pinned ${pins}/links/${await uplink()}/ingress`)],
    ['its pins', async () => node('rm', '-r', `${pins}/links/${await uplink()}`)],
    [
      'a native device renamed',
      async () => shell(`ip link set ${await uplink()} name uplink9; sleep 0.5; ip link set uplink9 name ${await uplink()}`),
    ],
  ],
  'node-rows': [
    [
      'the row of an address',
      () => shell(`bpftool map delete pinned ${pins}/maps/axo_endpoints key hex ${'00 '.repeat(10)}ff ff 0a 00 00 01`),
    ],
  ],
};

async function uplink(): Promise<string> {
  return (JSON.parse(await site.cli('status', '-o', 'json')).datapath.devices as string[])[0] ?? '';
}

/** All IPv6 configuration goes with the first write. That of the uplink is the node's own business. */
async function reenableIpv6(): Promise<void> {
  const device = await uplink();
  const address = (await node('ip', '-6', '-o', 'address', 'show', 'dev', device, 'scope', 'global')).split(/\s+/)[3] ?? '';
  const route = (await node('ip', '-6', 'route', 'show', 'default')).trim().replace(/ (metric|pref|proto) \S+/g, '');
  await shell('sysctl -qw net.ipv6.conf.all.disable_ipv6=1; sysctl -qw net.ipv6.conf.all.disable_ipv6=0');
  await shell(`ip -6 address add ${address} dev ${device} nodad; ip -6 route add ${route}`);
}

describe.each(Object.entries(spoilers))('what the daemon sets on a node, %s,', (_, rows) => {
  it.each(rows)('is restored: %s', async (_what, spoil) => {
    await expectWhole();
    await spoil();
    await expectWhole();
  });
});

describe("what the daemon sets for a pod's device", () => {
  it.each<Spoiler>([
    ['down', onPod('ip link set LXC down')],
    ['renamed', onPod('ip link set LXC down; ip link set LXC name other1; ip link set other1 up || true')],
    ['renamed while it is up', onPod('ip link set LXC name other1')],
    ['another MAC', onPod('ip link set LXC address 02:00:00:00:00:78')],
    ['another MTU', onPod('ip link set LXC mtu 1300')],
    ['programs detached', onPod(`for hook in ingress egress; do bpftool link detach pinned ${pins}/links/LXC/$hook; done`)],
    ['no pins', onPod(`rm -r ${pins}/links/LXC`)],
    [
      'a row deleted',
      onPod(`bpftool map delete pinned ${pins}/maps/axo_devices key $(printf '%d 0 0 0' $(cat /sys/class/net/LXC/ifindex))`),
    ],
  ])('is restored: %s', async (_what, spoil) => {
    await expectWhole();
    await spoil();
    await expectWhole();
  });
});

describe('somebody who keeps changing a setting', () => {
  it('is not raced with, and status, STATUS and CHECK name the setting until it is restored', {
    timeout: scaledTimeout(120_000),
  }, async () => {
    const found = async () => (await node('cat', '/proc/sys/net/ipv4/conf/axo_host/forwarding')).trim();
    const sentence = /sysctl net\.ipv4\.conf\.axo_host\.forwarding is 0, not 1 \(changed \d+ times, will be restored in \d+ s/;
    for (let longest = 0; longest < 7; ) {
      await node('sysctl', '-qw', 'net.ipv4.conf.axo_host.forwarding=0');
      await sleep(200);
      longest = Math.max(longest, ...(await health()).problems.map((problem) => Number(/in (\d+) s/.exec(problem)?.[1])));
    }
    expect((await health()).problems).toEqual([expect.stringMatching(sentence)]);
    await expect(check()).rejects.toThrow(sentence);
    const said = await site.node.exec([executables.axoneme, 'status', '-o', 'json']);
    expect(said.code).toBe(1);
    expect(JSON.parse(said.stdout).health.problems).toEqual([expect.stringMatching(sentence)]);
    await expect.poll(found, { timeout: scaledTimeout(30_000) }).toBe('1');
    await expectWhole();
  });
});

describe("a pod's device that somebody renames", () => {
  const devices = async () => {
    using netlink = await site.node.netlink();
    return (await netlink.links.list()).map(({ name }) => name).filter((name) => /^(lxc|axd|other)/.test(name));
  };
  const only = async () => expect.poll(devices, RESTORED).toEqual([(await endpoint()).hostIfname]);
  const rename = async (other: Pod, name: string) => {
    const all = await endpointsOf(site.node);
    const device = all.find(({ containerId }) => containerId === other.containerId)?.hostIfname ?? '';
    return async () => shell(`ip link set ${device} down; ip link set ${device} name ${name}; ip link set ${name} up`);
  };

  /** Nothing of it is in the pod or on the node, and the attachment can be made anew. */
  async function expectGone(other: Pod): Promise<void> {
    expect(await other.run(['ip', '-o', 'link', 'show', 'type', 'veth'])).not.toContain('eth0');
    await only();
    await site.runtime.add(site.network, attachmentOf(other));
    expect(await ping(site.node, other)).toMatchObject({ reached: true });
    await site.delete(other);
  }

  it('over and over, is deleted by DEL', async () => {
    const { pod: other } = await site.add('renamed');
    const name = (await endpointsOf(site.node)).find(({ containerId }) => containerId === other.containerId)?.hostIfname ?? '';
    const renaming = site.node.spawn(['sh', '-c', `while :; do ip link set ${name} name other2; done 2>/dev/null`]);
    await sleep(300);
    await site.runtime.del(site.network, attachmentOf(other));
    await renaming.stop();
    await expectGone(other);
  });

  it('while the daemon is away, is deleted by DEL', async () => {
    const { pod: other } = await site.add('away');
    const spoil = await rename(other, 'other3');
    await site.daemon.stop();
    await spoil();
    await site.runtime.del(site.network, attachmentOf(other));
    expect(await devices()).not.toContain('other3');
    await site.restart();
    await expectGone(other);
  });

  it('while the daemon is away, has its name again after a start', async () => {
    const { pod: other } = await site.add('restart');
    const spoil = await rename(other, 'other4');
    await site.daemon.stop();
    await spoil();
    await site.restart();
    expect(await devices()).not.toContain('other4');
    expect(await tcpEcho(other, site.outside)).toMatchObject({ reached: true });
    await site.runtime.check(site.network, attachmentOf(other));
    await site.delete(other);
  });

  it('and of which no record is left, goes at the next start', async () => {
    const { pod: other } = await site.add('lost');
    const all = await endpointsOf(site.node);
    const id = all.find(({ containerId }) => containerId === other.containerId)?.id;
    const spoil = await rename(other, 'other5');
    await site.daemon.stop();
    await spoil();
    await shell(
      `rm /run/axoneme/endpoints/${id}.json; rm -r ${pins}/links/*; bpftool map delete pinned ${pins}/maps/axo_devices key $(printf '%d 0 0 0' $(cat /sys/class/net/other5/ifindex))`,
    );
    await site.restart();
    await expectGone(other);
  });

  it('or moves to another namespace, is deleted by DEL from the pod', async () => {
    const { pod: other } = await site.add('moved');
    const name = (await endpointsOf(site.node)).find(({ containerId }) => containerId === other.containerId)?.hostIfname;
    const elsewhere = site.node.spawn(['unshare', '-n', 'sh', '-c', 'echo $$; exec sleep 60']);
    await elsewhere.waitForOutput(/\d+/, scaledTimeout(5_000));
    await shell(`ip link set ${name} netns ${elsewhere.stdout.trim()}`);
    await site.runtime.del(site.network, attachmentOf(other));
    await expectGone(other);
    await elsewhere.stop();
  });
});
