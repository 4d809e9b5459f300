import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attachmentOf, Lab, type Network, type Node, parseNetwork, Runtime } from '../../test-harness/index.ts';
import { executables, shippedNetworkText } from '../fixtures/axoneme.ts';
import { readBooks } from '../fixtures/crash/books.ts';
import { shimPlugins } from '../fixtures/plugin-variants.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

/* The launcher, and the daemon that serves its calls. `warm` has no cold executable beside it: what it answers the daemon has served. */

const network = parseNetwork(shippedNetworkText());
const delegating: Network = parseNetwork(
  JSON.stringify({
    cniVersion: '1.0.0',
    name: 'delegating',
    plugins: [{ type: 'axoneme-cni', ipam: { type: 'host-local', subnet: '10.9.0.0/24' } }],
  }),
);

let lab: Lab;
let node: Node;
let axoneme: TestNode;
let warm: Runtime;
let launcher: string;
sharedFixture(async () => {
  lab = await Lab.create({ nodes: { node1: {} } });
  node = lab.node('node1');
  axoneme = await TestNode.start(node);
  const folder = await shimPlugins(node);
  launcher = join(folder, 'axoneme-cni');
  warm = new Runtime(node, { pluginDirs: [folder] });
  return lab;
});

const problems = async () => (await readBooks(node)).problems;

describe('the launcher alone', () => {
  it('serves a pod from ADD to DEL through the daemon, and leaves nothing', async () => {
    const pod = await node.addPod('web');
    const { ips = [] } = await warm.add(network, attachmentOf(pod));
    expect(ips.map(({ address }) => address)).toEqual([expect.stringContaining('/32'), expect.stringContaining('/128')]);
    await warm.check(network, attachmentOf(pod));
    await warm.status(network);
    await warm.gc(network, [{ containerID: pod.containerId, ifname: 'eth0' }]);
    expect((await readBooks(node)).ready).toEqual([pod.containerId]);
    await expect(warm.add(network, attachmentOf(pod))).rejects.toMatchObject({ code: 102 });
    await warm.del(network, attachmentOf(pod));
    await expect.poll(problems).toEqual([]);
    expect((await readBooks(node)).ready).toEqual([]);
  });

  it('tells what is wrong on stdout and stderr', async () => {
    const env = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'x', CNI_IFNAME: 'eth0', CNI_NETNS: 'run/netns/x', CNI_PATH: '/x' };
    const { code, stdout, stderr } = await node.exec([launcher], { env, input: '{"cniVersion":"1.0.0","name":"n","type":"axoneme-cni"}' });
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { cniVersion: '1.0.0', code: 4 }]);
    expect(stderr).toBe(`axoneme-cni: ${JSON.parse(stdout).msg}\n`);
  });

  it('leaves to the cold executable what the daemon declines, and says when there is none', async () => {
    const pod = await node.addPod('declined');
    const message = expect.stringContaining('run /opt/warm/bin/axoneme-cni-cold: No such file or directory');
    await expect(warm.add(delegating, attachmentOf(pod))).rejects.toMatchObject({ code: 5, message });
    await axoneme.runtime.add(delegating, attachmentOf(pod));
    await axoneme.runtime.del(delegating, attachmentOf(pod));
    await expect(warm.add(network, { ...attachmentOf(pod), netns: '/run/netns/none' })).rejects.toMatchObject({ code: 5 });
    const nowhere = axoneme.runtime.add(network, { ...attachmentOf(pod), netns: '/run/netns/none' });
    await expect(nowhere).rejects.toMatchObject({ code: 8, message: expect.stringContaining('/run/netns/none: no such file') });
    await expect.poll(problems).toEqual([]);
  });

  it('refuses the namespace of the node itself', async () => {
    const attachment = { ...attachmentOf(await node.addPod('own')), netns: '/proc/1/ns/net' };
    await expect(warm.add(network, attachment)).rejects.toMatchObject({ code: 8, message: expect.stringContaining('the plugin itself') });
  });
});

describe('what the runtime has in its environment', () => {
  const version = {
    env: { CNI_COMMAND: 'VERSION', NODE_OPTIONS: '--no-such-option', LD_PRELOAD: '/none' },
    input: '{"cniVersion":"1.0.0"}',
  };

  it('reaches neither daemon nor cold executable when it is meant for Node or the loader', async () => {
    expect((await node.exec([launcher], version)).code).toBe(0);
    const elsewhere = { ...version, env: { ...version.env, AXONEME_ROOT: '/none' } };
    expect((await node.exec([executables.plugin], elsewhere)).code, 'cold').toBe(0);
    expect((await node.exec([executables.cold], version)).code, 'without the launcher').not.toBe(0);
  });

  it('without a CNI variable the plugin says what it is', async () => {
    expect((await node.exec([executables.plugin], { env: {} })).stderr).toMatch(/^axoneme-cni .*: CNI plugin/);
  });
});

it('a pod whose namespace only the runtime sees is served from ADD to DEL', async () => {
  const script = join(import.meta.dirname, '..', 'fixtures', 'hidden-pod.sh');
  const output = await node.run(['unshare', '--mount', '--propagation', 'private', 'sh', script, launcher]);
  const lines = output.trimEnd().split('\n');
  const [, ...seen] = lines.map((line) => /^(\w+) (\d+) ?(.*)$/.exec(line)?.slice(1) as [string, string, string]);
  const [identity, record, check, again, inside, acceptRa, ...gone] = seen;
  expect(lines[0]).toMatch(/^ADD 0 .*"sandbox":"\/run\/hidden\/netns"/);
  expect(JSON.parse(record?.[2] ?? '')).toMatchObject({ netnsIdentity: identity?.[2], endpoint: { state: 'ready' } });
  expect(check).toEqual(['CHECK', '0', '']);
  expect([again?.[1], JSON.parse(again?.[2] ?? '')]).toMatchObject(['1', { code: 102 }]);
  expect(inside?.[2]).toContain('eth0');
  expect(acceptRa?.[2]).toBe('0');
  expect(gone).toEqual([
    ['DEL', '0', ''],
    ['left', '0', expect.stringContaining('does not exist')],
    ['DEL', '0', ''],
  ]);
  await expect.poll(problems).toEqual([]);
});

it('the launcher is small and needs no library', () => {
  const file = readFileSync(executables.plugin);
  expect(file.length).toBeLessThan(64 * 1024);
  // a program of its own has no interpreter (PT_INTERP, elf(5))
  expect(file.includes('ld-linux') || file.includes('ld-musl')).toBe(false);
});
