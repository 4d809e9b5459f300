import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Endpoint } from '../../conf/api/types.ts';
import { getPinned, linkInfo, mapInfo } from '../../native/index.ts';
import {
  attachmentOf,
  EchoStream,
  type ExecResult,
  expectNoChange,
  type Pod,
  ping,
  type Service,
  snapshot,
} from '../../test-harness/index.ts';
import { executables } from '../fixtures/axoneme.ts';
import { NextVersion, rowSizes } from '../fixtures/next-version.ts';
import { TestNode } from '../fixtures/test-node.ts';

/* From this version to the next, whose maps have another layout, and not back. The tests follow each other. */

const pins = '/sys/fs/bpf/axoneme/v1';

let site: TestNode;
let next: NextVersion;
let pods: Pod[];
beforeAll(async () => {
  next = new NextVersion();
  newDaemon = [...next.command, 'daemon', '--config', '/etc/axoneme/config.yaml'];
  site = await TestNode.open();
  pods = await site.pods('web', 'db');
});
afterAll(async () => {
  next[Symbol.dispose]();
  await site[Symbol.asyncDispose]();
});

/** Streams of both families between the pods and to the outside, while `disturb` does its work. */
async function undisturbed(disturb: () => Promise<void>): Promise<void> {
  const [web, db] = pods as [Pod, Pod];
  const streams = await Promise.all(
    [db, site.outside].flatMap((to) => ([4, 6] as const).map((family) => EchoStream.open(web, to, { family }))),
  );
  await sleep(100);
  const began = performance.now();
  await disturb();
  const took = performance.now() - began;
  await sleep(100);
  for (const { failure, echoed, sent, longestGap } of await Promise.all(streams.map((stream) => stream.stop()))) {
    expect([failure, echoed]).toEqual([undefined, sent]);
    // a stream that stood still while nobody served would have a gap as long as that
    expect(longestGap).toBeLessThan(took);
  }
}

/** What every link is attached by and runs, by its path. */
async function links(): Promise<Map<string, { id: number; programId: number }>> {
  const endpoints = JSON.parse(await site.cli('endpoint', 'list', '-o', 'json')) as Endpoint[];
  const devices = ['axo_host', ...endpoints.map(({ hostIfname }) => hostIfname)];
  const paths = devices.flatMap((device) => [`${device}/ingress`, `${device}/egress`]);
  const found = paths.map(async (path) => {
    using fd = getPinned(await site.node.path(`${pins}/links/${path}`));
    const { id, programId } = await linkInfo(fd);
    return [path, { id, programId }] as const;
  });
  return new Map(await Promise.all(found));
}

async function rowSize(): Promise<number> {
  using fd = getPinned(await site.node.path(`${pins}/maps/axo_endpoints`));
  return mapInfo(fd).valueSize;
}

async function checkAll(): Promise<void> {
  for (const pod of pods) await site.runtime.check(site.network, attachmentOf(pod));
}

/** Milliseconds after which starts of the newer daemon are killed: before, while and after it loads its programs on machines of all sorts. */
const killedAfter = [300, 450, 600, 800, 1100, 1500];
let newer: Service;
let newDaemon: readonly string[];

it('an upgrade whose programs cannot be loaded fails without harm, and the older version goes on', async () => {
  const repair = next.breakPrograms();
  await undisturbed(async () => {
    await site.daemon.stop();
    const failed = await site.node.exec(newDaemon);
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining('axoneme daemon: load the datapath: open object to_host.o')]);
    await site.restart();
  });
  expect(await rowSize()).toBe(rowSizes.now);
  await checkAll();
  repair();
});

it('an upgrade to maps of another layout, killed at several moments, loses no byte of the running streams', async () => {
  const before = await links();
  expect(await rowSize()).toBe(rowSizes.now);
  const attempts: ExecResult[] = [];
  await undisturbed(async () => {
    await site.daemon.stop();
    for (const timeout of killedAfter) attempts.push(await site.node.exec(newDaemon, { timeout }));
    newer = site.node.spawn(newDaemon);
    await newer.waitForOutput(/"msg":"serving"/);
  });
  expect(attempts.some(({ killed }) => killed)).toBe(true);
  const said = attempts.map(({ stderr }) => stderr).join('') + newer.stderr;
  expect(said).toContain('the layout of a map changed, making it anew');
  expect(await rowSize()).toBe(rowSizes.next);
  const after = await links();
  for (const [path, { id, programId }] of before) {
    expect(after.get(path)?.id, path).toBe(id);
    expect(after.get(path)?.programId, path).not.toBe(programId);
  }
  await checkAll();
  expect(await site.cli('version')).toContain('Daemon: axoneme 9.0.0');
});

it('pods come and go under the newer daemon, also by the older plugin', async () => {
  const { pod } = await site.add('late');
  expect(await ping(pod, pods[0] as Pod)).toMatchObject({ reached: true });
  await site.delete(pod);
});

it('a downgrade is refused before anything is touched', async () => {
  await newer.stop();
  const before = await snapshot(site.node);
  const state = await stateOnDisk();
  await undisturbed(async () => {
    const { code, stderr } = await site.node.exec([executables.axoneme, 'daemon', '--config', '/etc/axoneme/config.yaml']);
    expect(code).toBe(1);
    expect(stderr.trim().split('\n').at(-1)).toMatch(
      /^axoneme daemon: start axoneme \S+: \/run\/axoneme was written by axoneme 9\.0\.0 in state format 3, this version knows 2; nothing was changed and pods keep their network: start 9\.0\.0 or a later version, or drain the node and remove all with --cleanup$/,
    );
  });
  expectNoChange(before, await snapshot(site.node));
  expect(await stateOnDisk()).toEqual(state);
});

it('the newer version goes on where it was', async () => {
  newer = site.node.spawn(newDaemon);
  await newer.waitForOutput(/"msg":"serving"/);
  expect(newer.stderr).toContain('the pinned programs are current');
  await checkAll();
  for (const pod of pods) await site.delete(pod);
  await newer.stop();
});

/** Files of state with their times: what a start that touched anything would change. */
function stateOnDisk(): Promise<string> {
  return site.node.run(['sh', '-c', `find /run/axoneme ${pins} -printf '%p %i %T@\\n' | sort`]);
}
