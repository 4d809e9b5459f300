import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Endpoint, Status } from '../../conf/api/types.ts';
import { type Filter, probe } from '../../native/index.ts';
import { attachmentOf, capture, EchoStream, type Pod, parseNetwork, ping, tcpEcho, udpEcho } from '../../test-harness/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

/* Programs attached by filters of clsact, as on kernels before 6.6, on whatever kernel this is. */

const configFile = '/etc/axoneme/config.yaml';
const settings = (enableTCX: boolean) => ({ ...dualStack, bpf: { enableTCX } });
const pins = '/sys/fs/bpf/axoneme/v1';
const hasTcx = (await probe('tcx')) === 'yes';

const endpointsOf = async (site: TestNode) => JSON.parse(await site.cli('endpoint', 'list', '-o', 'json')) as Endpoint[];

async function deviceOf(site: TestNode, pod: Pod): Promise<string> {
  const endpoint = (await endpointsOf(site)).find(({ containerId }) => containerId === pod.containerId);
  if (endpoint === undefined) throw new Error(`find endpoint of ${pod.name}: none`);
  return endpoint.hostIfname;
}

/** The filters of a device on the node, as the kernel has them. */
async function filtersOf(site: TestNode, device: string): Promise<{ ingress: Filter[]; egress: Filter[] }> {
  using netlink = await site.node.netlink();
  const { ifindex } = await netlink.links.get(device);
  const { trafficControl } = netlink;
  return {
    ingress: await trafficControl.filters(ifindex, 'clsact ingress'),
    egress: await trafficControl.filters(ifindex, 'clsact egress'),
  };
}

const namesOf = (filters: readonly Filter[]) => filters.map(({ bpf, kind }) => bpf?.name ?? kind);

async function restart(site: TestNode, config: object, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  await site.daemon.stop(signal);
  await site.node.writeFile(configFile, JSON.stringify(config));
  await site.restart();
}

describe('a node with Legacy TC', () => {
  let site: TestNode;
  let web: Pod;
  let db: Pod;
  sharedFixture(async () => {
    site = await TestNode.open({ config: settings(false) });
    [web, db] = (await site.pods('web', 'db')) as [Pod, Pod];
    return site;
  });

  it('says so, and why', async () => {
    expect(await site.cli('status')).toMatch(/^Attach Mode: +Legacy TC \(bpf.enableTCX is false\)$/m);
    const { datapath } = JSON.parse(await site.cli('status', '-o', 'json'));
    expect(datapath).toMatchObject({ attachMode: 'Legacy TC', attachReason: 'bpf.enableTCX is false' });
  });

  it('has its programs in filters that tc(8) shows by name, and no link', async () => {
    const device = await deviceOf(site, web);
    const { ingress, egress } = await filtersOf(site, device);
    expect([namesOf(ingress), namesOf(egress)]).toEqual([['axo_from_container'], ['axo_to_container']]);
    expect(ingress).toMatchObject([{ priority: 1, handle: 0x61786f, protocol: 3, bpf: { direct: true } }]);
    expect(await site.node.run(['tc', 'filter', 'show', 'dev', device, 'egress'])).toContain('axo_to_container direct-action');
    expect(namesOf((await filtersOf(site, 'axo_host')).egress)).toEqual(['axo_from_host']);
    const links = await site.node.run(['sh', '-c', `cd ${pins}/links && ls -d */ingress */egress 2>/dev/null || true`]);
    expect(links).toBe('');
  });

  it.each([4, 6] as const)('carries packets between pods, node and outside, IPv%i', async (family) => {
    const pairs = [
      [web, db],
      [web, site.node],
      [site.node, web],
      [web, site.outside],
      [site.outside, web],
    ] as const;
    for (const [from, to] of pairs) {
      const what = `${from.name} to ${to.name}`;
      expect(await ping(from, to, { family }), what).toMatchObject({ reached: true });
      expect(await tcpEcho(from, to, { family, bytes: 100_000 }), what).toMatchObject({ reached: true });
      expect(await udpEcho(from, to, { family }), what).toMatchObject({ reached: true });
    }
  });

  it('is found whole, and not without a filter; a DEL leaves nothing', async () => {
    const before = await site.state();
    const { pod } = await site.add('passing');
    const attachment = attachmentOf(pod);
    const device = await deviceOf(site, pod);
    await site.runtime.check(site.network, attachment);
    await site.node.run(['tc', 'filter', 'delete', 'dev', device, 'ingress']);
    await expect(site.runtime.check(site.network, attachment)).rejects.toMatchObject({
      details: expect.stringContaining('ingress program is gone or detached\nfilter ingress is gone'),
    });
    await site.delete(pod);
    const after = await site.state();
    expect(after.tables).toEqual(before.tables);
    for (const part of ['link', 'filter', 'qdisc', 'program', 'pin'])
      expect(after.node.sections.get(part)).toEqual(before.node.sections.get(part));
  });

  it('runs new programs in the filters of before, without a gap for the traffic', async () => {
    const device = await deviceOf(site, web);
    const [before] = (await filtersOf(site, device)).ingress;
    const streams = await Promise.all(([4, 6] as const).map((family) => EchoStream.open(web, db, { family })));
    await site.daemon.stop('SIGKILL');
    await site.node.writeFile('/run/axoneme/programs.sha256', 'another version');
    await site.restart();
    for (const stream of streams) expect(await stream.stop()).not.toHaveProperty('failure');
    const after = (await filtersOf(site, device)).ingress;
    expect(after).toHaveLength(1);
    expect(after[0]?.bpf?.id).not.toBe(before?.bpf?.id);
    await site.runtime.check(site.network, attachmentOf(web));
  });

  it('finds a pod again whose record is lost', async () => {
    const before = await endpointsOf(site);
    await site.daemon.stop('SIGKILL');
    await site.node.run(['sh', '-c', 'rm /run/axoneme/endpoints/*']);
    await site.restart();
    const identify = (endpoints: Endpoint[]) =>
      endpoints.map(({ id, containerId, hostIfname, ipv4, ipv6 }) => [id, containerId, hostIfname, ipv4, ipv6]);
    expect(identify(await endpointsOf(site))).toEqual(identify(before));
    expect(await ping(web, db)).toMatchObject({ reached: true });
  });

  it.skipIf(!hasTcx)('moves its pods to tcx, and back, with no packet unjudged and no stream harmed', async () => {
    const device = await deviceOf(site, web);
    // a source that is not the pod's: at no moment may a packet of it pass, although the node would forward it
    await site.node.setSysctls({
      'net.ipv4.ip_forward': '1',
      'net.ipv4.conf.all.rp_filter': '0',
      [`net.ipv4.conf.${device}.rp_filter`]: '0',
    });
    await web.run(['ip', 'address', 'add', '10.1.0.200/32', 'dev', 'eth0']);
    await using spoofed = await capture(db, { filter: { protocol: 'icmp', host: '10.1.0.200' } });
    await using flood = web.spawn(['ping', '-q', '-i', '0.002', '-I', '10.1.0.200', await db.address(4)]);
    await using stream = await EchoStream.open(web, db);
    await sleep(100);
    await restart(site, settings(true));
    expect(site.daemon.stderr).toContain('attached the programs in the other way');
    expect(await filtersOf(site, device)).toEqual({ ingress: [], egress: [] });
    using netlink = await site.node.netlink();
    expect((await netlink.trafficControl.qdiscs()).filter(({ kind }) => kind === 'clsact')).toEqual([]);
    expect(await site.node.listFolder(`${pins}/links/${device}`)).toEqual(['egress', 'ingress']);
    await site.runtime.check(site.network, attachmentOf(web));
    await restart(site, settings(false), 'SIGKILL');
    expect(namesOf((await filtersOf(site, device)).egress)).toEqual(['axo_to_container']);
    expect((await site.node.listFolder(`${pins}/links/${device}`)).map((name) => name.replace(/\d+/, 'N'))).toEqual(['clsact-N']);
    await site.runtime.check(site.network, attachmentOf(web));
    const report = await stream.stop();
    expect([report.failure, report.echoed]).toEqual([undefined, report.sent]);
    expect(spoofed.packets).toHaveLength(0);
    // the witness is awake
    await site.node.run(['tc', 'filter', 'delete', 'dev', device, 'ingress']);
    await spoofed.waitFor({ host: '10.1.0.200' });
    await flood.stop();
    await web.run(['ip', 'address', 'delete', '10.1.0.200/32', 'dev', 'eth0']);
  });

  it('--cleanup takes our filters off the devices of others, and of nobody else', async () => {
    const [device = ''] = (JSON.parse(await site.cli('status', '-o', 'json')) as { datapath: { devices: string[] } }).datapath.devices;
    await site.node.run([
      'tc',
      'filter',
      'add',
      'dev',
      device,
      'ingress',
      'prio',
      '7',
      'protocol',
      'ip',
      'u32',
      'match',
      'u32',
      '0',
      '0',
      'flowid',
      '1:1',
    ]);
    expect(namesOf((await filtersOf(site, device)).ingress)).toEqual(['axo_from_netdev', 'u32']);
    expect(namesOf((await filtersOf(site, device)).egress)).toEqual(['axo_to_netdev']);
    for (const pod of [web, db]) await site.delete(pod);
    await site.daemon.stop();
    await site.cli('daemon', '--cleanup');
    expect(namesOf((await filtersOf(site, device)).ingress)).toEqual(['u32']);
    expect(namesOf((await filtersOf(site, device)).egress)).toEqual([]);
    await site.node.run(['tc', 'qdisc', 'delete', 'dev', device, 'clsact']);
  });
});

describe('axoneme behind ptp, with Legacy TC', () => {
  const axoneme = { type: 'axoneme-cni' };
  const ipam = { type: 'host-local', ranges: [[{ subnet: '10.1.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] };
  const network = (...plugins: object[]) => parseNetwork(JSON.stringify({ cniVersion: '1.0.0', name: 'chain', plugins }));
  let site: TestNode;
  let web: Pod;
  let device: string;
  sharedFixture(async () => {
    site = await TestNode.open({ config: settings(false), network: network({ type: 'ptp', ipMasq: false, ipam }, axoneme) });
    await site.node.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    web = await site.node.addPod('web');
    await site.runtime.add(site.network, attachmentOf(web));
    device = await deviceOf(site, web);
    return site;
  });

  it('judges packets of a device of another plugin, and hands them on to the stack', async () => {
    expect(await ping(web, site.node)).toMatchObject({ reached: true });
    expect(await ping(site.node, web)).toMatchObject({ reached: true });
    await web.run(['ip', 'address', 'add', '10.1.0.200/32', 'dev', 'eth0']);
    await ping(web, site.node, { source: '10.1.0.200', timeout: 200 });
    const { drops } = JSON.parse(await site.cli('status', '-o', 'json')) as Status;
    expect(drops).toContainEqual(expect.objectContaining({ reason: 'spoofed source', direction: 'egress', packets: '1' }));
    await site.runtime.check(site.network, attachmentOf(web));
  });

  it('takes its filters off at DEL and leaves device, qdisc and filters of others', async () => {
    const other = ['prio', '5', 'protocol', 'ip', 'u32', 'match', 'u32', '0', '0', 'flowid', '1:1'];
    await site.node.run(['tc', 'filter', 'add', 'dev', device, 'egress', ...other]);
    expect(namesOf((await filtersOf(site, device)).egress)).toEqual(['axo_to_container', 'u32']);
    await site.runtime.del(network(axoneme), attachmentOf(web));
    expect(await filtersOf(site, device)).toMatchObject({ ingress: [], egress: [{ kind: 'u32' }] });
    expect(await site.node.listFolder(`${pins}/links`)).not.toContainEqual(expect.stringMatching(/^lxc/));
    expect(await ping(web, site.node)).toMatchObject({ reached: true });
  });

  it('takes them off at a start that knows of no such pod: nothing would pass a program without its row', async () => {
    const orphan = await site.node.addPod('orphan');
    await site.runtime.add(site.network, attachmentOf(orphan));
    const name = await deviceOf(site, orphan);
    await site.daemon.stop('SIGKILL');
    await site.node.run(['sh', '-c', 'rm /run/axoneme/endpoints/*']);
    await site.restart();
    expect(await filtersOf(site, name)).toEqual({ ingress: [], egress: [] });
    expect(await ping(orphan, site.node)).toMatchObject({ reached: true });
  });
});
