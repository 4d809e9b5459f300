/**
 * The whole of axoneme in one go on the kernel that runs, mostly in a virtual machine: `node test/kernels/smoke.ts`. Two pods with both
 * families talk with each other, the node and the outside, survive the daemon's death, are found whole, and go without a trace. No test
 * runner: on an emulated machine that alone would take a minute. Ends with status 1 at the first thing that is not as it should be.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { release } from 'node:os';
import type { Status } from '../../conf/api/types.ts';
import { features, probe } from '../../native/bpf/features.ts';
import { Lab } from '../../test-harness/lab/lab.ts';
import type { Machine } from '../../test-harness/lab/machine.ts';
import type { NetworkNamespace } from '../../test-harness/lab/namespace.ts';
import type { Pod } from '../../test-harness/lab/pod.ts';
import { tcpEcho } from '../../test-harness/probe/echo.ts';
import { ping } from '../../test-harness/probe/ping.ts';
import { attachmentOf } from '../../test-harness/runtime/attachment.ts';
import { CniError } from '../../test-harness/runtime/cni-error.ts';
import { buried } from '../fixtures/api.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { TestNode } from '../fixtures/test-node.ts';

const started = performance.now();
const say = (what: string) => process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${what}\n`);

/** Emulated, the first packet of a family takes its time: neighbours are resolved, programs are cold. */
const PATIENCE = { timeout: 20_000 };

/** As a runtime does: code 11 means "try again later", and a slow machine may say so. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 20 || !(error instanceof CniError) || error.code !== 11) throw error;
      say(`again: ${error.msg}`);
    }
  }
}

async function add(axoneme: TestNode, name: string): Promise<Pod> {
  const pod = await axoneme.node.addPod(name);
  await patiently(() => axoneme.runtime.add(axoneme.network, attachmentOf(pod)));
  return pod;
}

async function sayFeatures(): Promise<void> {
  const answers = await Promise.all(features.map(async (feature) => [feature, await probe(feature)] as const));
  const named = (wanted: string) => answers.filter(([, answer]) => answer === wanted).map(([feature]) => feature);
  say(`Linux ${release()}: has ${named('yes').join(' ')}; has not ${named('no').join(' ') || 'nothing'}`);
}

async function talk(pairs: readonly (readonly [NetworkNamespace, NetworkNamespace])[]): Promise<void> {
  for (const family of [4, 6] as const) {
    for (const [from, to] of pairs) {
      const what = `IPv${family} ${from.name} to ${to.name}`;
      equal((await ping(from, to, { family, ...PATIENCE })).reached, true, `ping, ${what}`);
      equal((await tcpEcho(from, to, { family, bytes: 50_000, ...PATIENCE })).reached, true, `TCP, ${what}`);
    }
  }
}

/** What holds the pods' programs must be of the kind that the daemon says. */
async function expectMode(axoneme: TestNode): Promise<Status['datapath']> {
  const { datapath } = JSON.parse(await axoneme.cli('status', '-o', 'json')) as Status;
  equal(datapath.attachMode, (await probe('tcx')) === 'no' ? 'Legacy TC' : 'TCX');
  using netlink = await axoneme.node.netlink();
  for (const { name, ifindex } of (await netlink.links.list()).filter((link) => link.name.startsWith('lxc'))) {
    const filters = [
      ...(await netlink.trafficControl.filters(ifindex, 'clsact ingress')),
      ...(await netlink.trafficControl.filters(ifindex, 'clsact egress')),
    ];
    const names: string[] = datapath.attachMode === 'Legacy TC' ? ['axo_from_container', 'axo_to_container'] : [];
    deepEqual(
      filters.map(({ bpf }) => bpf?.name),
      names,
      `filters of ${name}`,
    );
  }
  return datapath;
}

async function smoke(): Promise<void> {
  await sayFeatures();
  await using lab = await Lab.create({ nodes: { node: {} }, hosts: { outside: {} }, links: [{ between: ['node', 'outside'] }] });
  const node = lab.node('node');
  await lab.announce(node, ['10.0.0.0/16', 'fd00::/112']);
  await using axoneme = await TestNode.start(node);
  say(`the daemon serves: ${axoneme.daemon.stderr.match(/"reason":"([^"]*)"/)?.[1]}`);
  const [web, db] = [await add(axoneme, 'web'), await add(axoneme, 'db')] as const;
  say('two pods are there');
  const { attachMode, deviceMode } = await expectMode(axoneme);
  const pairs = [
    [web, db],
    [web, node],
    [node, web],
    [web, lab.machine('outside')],
    [lab.machine('outside'), web],
  ] as const;
  await talk(pairs);
  say(`ICMP and TCP of both families between pods, node and outside: ${attachMode}, ${deviceMode}`);
  await axoneme.daemon.stop('SIGKILL');
  await talk(pairs.slice(0, 2));
  await axoneme.restart();
  say('the daemon was killed and is back');
  for (const pod of [web, db]) await patiently(() => axoneme.runtime.check(axoneme.network, attachmentOf(pod)));
  await talk(pairs.slice(0, 1));
  say('CHECK finds both pods whole');
  await expectNothingAfter(axoneme, [web, db]);
  say('DEL left nothing');
  if ((await probe('netkit')) === 'yes') await smokeNetkit(axoneme, lab.machine('outside'));
}

/** The same in short by netkit, after a start in the other mode. What of a pair is not ours to choose is the kernel's default. */
async function smokeNetkit(axoneme: TestNode, outside: Machine): Promise<void> {
  const { node } = axoneme;
  await axoneme.daemon.stop('SIGKILL');
  await node.writeFile('/etc/axoneme/config.yaml', JSON.stringify({ ...dualStack, bpf: { datapathMode: 'auto' } }));
  await axoneme.restart();
  const [web, db] = [await add(axoneme, 'web'), await add(axoneme, 'db')] as const;
  equal((await expectMode(axoneme)).deviceMode, 'netkit');
  using netlink = await node.netlink();
  for (const { name, info } of (await netlink.links.list()).filter((link) => link.name.startsWith('lxc'))) {
    if (info?.kind !== 'netkit') throw new Error(`${name} is no netkit`);
    const { mode, policy, peerPolicy, scrub = 'default', peerScrub = 'default', headroom = 0, tailroom = 0 } = info;
    const wanted = {
      mode: 'l3',
      policy: 'forward',
      peerPolicy: 'blackhole',
      scrub: 'default',
      peerScrub: 'default',
      headroom: 0,
      tailroom: 0,
    };
    deepEqual({ mode, policy, peerPolicy, scrub, peerScrub, headroom, tailroom }, wanted, name);
  }
  await talk([
    [web, db],
    [web, node],
    [node, web],
    [web, outside],
    [outside, web],
  ]);
  for (const pod of [web, db]) await patiently(() => axoneme.runtime.check(axoneme.network, attachmentOf(pod)));
  await expectNothingAfter(axoneme, [web, db]);
  say('the same by netkit');
}

async function expectNothingAfter(axoneme: TestNode, pods: readonly Pod[]): Promise<void> {
  for (const pod of pods) await axoneme.delete(pod);
  await buried(axoneme.node);
  const { burials, endpoints } = JSON.parse(await axoneme.cli('status', '-o', 'json')) as Status;
  deepEqual(endpoints, { ready: 0, total: 0, disconnected: 0 });
  // Neither device was deleted before its DEL was answered: this kernel lets both sides be renamed, and the group be deleted.
  equal(burials.endpoints, pods.length, 'devices that were buried');
  equal(axoneme.daemon.stderr.includes('deleting them one by one'), false);
  using netlink = await axoneme.node.netlink();
  ok(!(await netlink.links.list()).some(({ name }) => /^(lxc|axd)/.test(name)), 'a pod device is left');
}

await smoke();
