import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { maps } from '../../bpf/layout.generated.ts';
import type { Endpoint, Status } from '../../conf/api/types.ts';
import { BURIAL_GROUP, buriedIfname, hostIfname } from '../../conf/names.ts';
import { BpfMap, getPinned } from '../../native/index.ts';
import { attachmentOf, type NetworkNamespace, type Pod, ping, Runtime } from '../../test-harness/index.ts';
import { buried, disconnect, endpointsOf } from '../fixtures/api.ts';
import { executables } from '../fixtures/axoneme.ts';
import { ask } from '../fixtures/crash/books.ts';
import { CrashLab } from '../fixtures/crash/crash-lab.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';

const pins = '/sys/fs/bpf/axoneme/v1';

describe('a DEL', () => {
  let crashLab: CrashLab;
  sharedFixture(async () => {
    crashLab = await CrashLab.open({ pods: true });
    return crashLab;
  });

  const endpointOf = async (pod: Pod) =>
    (await endpointsOf(crashLab.node)).find((one) => one.containerId === pod.containerId && one.state === 'ready') as Endpoint;
  const pairs = async (where: NetworkNamespace) => {
    using netlink = await where.netlink();
    return (await netlink.links.list({ kind: 'veth' })).map(({ name, up, group }) => ({ name, up, group }));
  };
  const deviceRows = async () => {
    using fd = getPinned(join(await crashLab.node.path(`${pins}/maps`), 'axo_devices'));
    return [...new BpfMap(fd, maps.axo_devices.key, maps.axo_devices.value).entries()].map(([, { id }]) => id);
  };
  const added = async (name: string) => {
    const pod = await crashLab.node.addPod(name);
    await crashLab.add(pod);
    return { pod, endpoint: await endpointOf(pod) };
  };

  it('answers when the interface is out of the pod and the endpoint out of everything but the reaper', async () => {
    const { pod, endpoint } = await added('answered');
    const grave = buriedIfname(endpoint.id);
    await crashLab.setFailpoint({ step: 'reap.group', phase: 'before' }, 'hold');
    await crashLab.delete(pod);
    await expect.poll(() => crashLab.fired()).toBe(true);
    expect(await pairs(pod)).toEqual([{ name: grave, up: false, group: 0 }]);
    expect(await pairs(crashLab.node)).toContainEqual({ name: grave, up: false, group: BURIAL_GROUP });
    const { endpoint: record } = JSON.parse(await crashLab.node.readFile(`/run/axoneme/endpoints/${endpoint.id}.json`));
    expect(record).toMatchObject({ state: 'disconnected', hostIfname: grave, ipv4: endpoint.ipv4 });
    expect(await deviceRows()).not.toContain(endpoint.id);
    const folders = await crashLab.node.listFolder(`${pins}/links`);
    expect(folders).toContain(grave);
    expect(folders).not.toContain(hostIfname(endpoint));
    await crashLab.clearFailpoint();
    await crashLab.expectBooks();
    expect(await pairs(pod)).toEqual([]);
  });

  it('lets the same attachment come back at once, to the same namespace', async () => {
    const { pod, endpoint } = await added('back');
    await crashLab.delete(pod);
    await crashLab.add(pod);
    const again = await endpointOf(pod);
    expect(again.hostIfname).toBe(endpoint.hostIfname);
    expect(again.id).not.toBe(endpoint.id);
    await crashLab.expectReach(pod);
    await crashLab.expectBooks(pod);
    await crashLab.runtime.check(crashLab.network, attachmentOf(pod));
    await crashLab.delete(pod);
  });

  it('without CNI_NETNS does the same', async () => {
    const { pod } = await added('unnamed');
    await crashLab.setFailpoint({ step: 'reap.group', phase: 'before' }, 'hold');
    await crashLab.runtime.del(crashLab.network, { ...attachmentOf(pod), netns: '' });
    await expect.poll(() => crashLab.fired()).toBe(true);
    expect(await pairs(pod)).toEqual([expect.objectContaining({ name: expect.stringMatching(/^axd/), up: false })]);
    await crashLab.clearFailpoint();
    await crashLab.expectBooks();
  });

  it('of a pod whose namespace nobody can find has the device deleted when it answers', async () => {
    const { pod } = await added('hidden');
    const elsewhere = `${pod.netnsPath}.elsewhere`;
    await crashLab.node.run(['sh', '-c', `touch ${elsewhere} && mount --bind ${pod.netnsPath} ${elsewhere} && umount ${pod.netnsPath}`]);
    await crashLab.runtime.del(crashLab.network, { ...attachmentOf(pod), netns: '' });
    expect(await endpointsOf(crashLab.node)).toHaveLength(crashLab.longLivedPods.length);
    await crashLab.expectBooks();
    expect(await crashLab.node.run(['nsenter', `--net=${elsewhere}`, 'ip', '-o', 'link'])).not.toContain('eth0');
    await crashLab.node.run(['sh', '-c', `mount --bind ${elsewhere} ${pod.netnsPath} && umount ${elsewhere} && rm ${elsewhere}`]);
  });

  it('of a pod that has a device of the name that its own would get has the device deleted as well', async () => {
    const { pod, endpoint } = await added('taken');
    const grave = buriedIfname(endpoint.id);
    await pod.run(['ip', 'link', 'add', grave, 'type', 'veth', 'peer', 'name', 'other']);
    await crashLab.delete(pod);
    expect((await pairs(pod)).map(({ name }) => name).sort()).toEqual([grave, 'other']);
    expect(await endpointsOf(crashLab.node)).toHaveLength(crashLab.longLivedPods.length);
    expect(crashLab.daemon.stderr).toContain('cannot bury a device, deleting it at once');
    await crashLab.expectBooks();
  });

  it('takes the rules of a further interface along, though nobody tells where they are', async () => {
    const { pod } = await added('two');
    const second = { ...attachmentOf(pod), ifname: 'net1' };
    await crashLab.runtime.add(crashLab.network, second);
    const rules = () => pod.run(['sh', '-c', 'ip rule; ip -6 rule']);
    expect(await rules()).toMatch(/lookup 2\d{4}/);
    await crashLab.runtime.del(crashLab.network, { ...second, netns: '' });
    expect(await rules()).not.toMatch(/lookup 2\d{4}/);
    await crashLab.expectReach(pod);
    await crashLab.delete(pod);
    await crashLab.expectBooks();
  });

  it('spares a stranger in the burial group', async () => {
    await crashLab.node.run(['ip', 'link', 'add', 'stranger', 'group', String(BURIAL_GROUP), 'type', 'veth', 'peer', 'name', 'strange']);
    // A single device is deleted by its index, two by their group.
    const both = [await added('beside'), await added('besides')];
    await Promise.all(both.map(({ pod }) => disconnect(crashLab.node, pod)));
    await buried(crashLab.node);
    for (const { pod } of both) await crashLab.delete(pod);
    await crashLab.expectBooks();
    expect((await pairs(crashLab.node)).map(({ name }) => name)).toContain('stranger');
    expect(crashLab.daemon.stderr).toContain('in its group is stranger');
    await crashLab.node.run(['ip', 'link', 'delete', 'stranger']);
  });

  it('of a whole node is a few batches', async () => {
    const pods = await Promise.all(Array.from({ length: 20 }, (_, index) => crashLab.node.addPod(`drained${index}`)));
    const quick = new Runtime(crashLab.node, { pluginDirs: [dirname(executables.plugin)] });
    for (const pod of pods) await quick.add(crashLab.network, attachmentOf(pod));
    const before = (await ask<Status>(crashLab.node, '/v1/status')).burials;
    await Promise.all(pods.map((pod) => disconnect(crashLab.node, pod)));
    await buried(crashLab.node);
    const after = (await ask<Status>(crashLab.node, '/v1/status')).burials;
    expect(after.endpoints - before.endpoints).toBe(20);
    expect(after.batches - before.batches).toBeLessThanOrEqual(10);
    await crashLab.expectBooks();
    expect(await ping(crashLab.longLivedPods[0] as Pod, '10.0.0.1')).toMatchObject({ reached: true });
  });

  it('costs the streams between other pods nothing', () => crashLab.expectSteadyTraffic());
});
