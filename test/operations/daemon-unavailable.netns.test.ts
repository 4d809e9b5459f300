import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeHeartbeat, HUNG_MS } from '../../conf/heartbeat.ts';
import { isFileLocked } from '../../native/index.ts';
import { attachmentOf, CniError, type Node, type Pod, type Service } from '../../test-harness/index.ts';
import { listen, socketPath } from '../fixtures/activated.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { ageHeartbeat, heartbeatFile } from '../fixtures/heartbeat.ts';
import { scaledTimeout } from '../fixtures/scaled-timeout.ts';
import { TestNode } from '../fixtures/test-node.ts';

/* What each verb answers while nobody serves. How soon: test/bench/away.bench.test.ts. */

let site: TestNode;
let web: Pod;
let db: Pod;
beforeEach(async () => {
  site = await TestNode.open();
  [web, db] = (await site.pods('web', 'db')) as [Pod, Pod];
});
afterEach(() => site[Symbol.asyncDispose]());

interface Answer {
  readonly code: number;
  readonly message: string;
}

async function answerTo(call: () => Promise<unknown>): Promise<Answer> {
  const error: unknown = await call().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return { code: 0, message: '' };
  if (!(error instanceof CniError)) throw error;
  return { code: error.code, message: error.message };
}

const status = () => answerTo(() => site.runtime.status(site.network));
const check = (pod: Pod) => answerTo(() => site.runtime.check(site.network, attachmentOf(pod)));
const del = (pod: Pod) => answerTo(() => site.runtime.del(site.network, attachmentOf(pod)));
async function add(): Promise<Answer> {
  const pod = await site.node.addPod('early');
  const answer = await answerTo(() => site.runtime.add(site.network, attachmentOf(pod)));
  await site.node.removePod(pod);
  return answer;
}

/** Whether the daemon that runs now has the lock and serves no calls yet. */
async function isStarting(node: Node): Promise<boolean> {
  const path = await heartbeatFile(node);
  return isFileLocked(path) && decodeHeartbeat(readFileSync(path, 'utf8'))?.phase === 'starting';
}

const podDevices = async () => (await site.node.run(['ip', '-o', 'link'])).match(/lxc\w+/g) ?? [];

/** Ways of being away; what is answered puts the daemon back. */
const ways: readonly [string, () => Promise<() => Promise<void>>][] = [
  [
    'is not running',
    async () => {
      await site.daemon.stop('SIGKILL');
      return () => site.restart();
    },
  ],
  [
    'does not come up behind the socket of a service manager',
    async () => {
      await site.daemon.stop();
      const manager: Service = await listen(site.node, ['sleep', '600']);
      return async () => {
        await manager.stop('SIGKILL');
        await site.node.remove(socketPath);
        await site.restart();
      };
    },
  ],
  [
    'hangs for long',
    async () => {
      const { daemon } = site;
      daemon.signal('SIGSTOP');
      await ageHeartbeat(site.node, HUNG_MS + 4000);
      return async () => {
        daemon.signal('SIGCONT');
        await site.ready();
      };
    },
  ],
];

describe.each(ways)('a daemon that %s', (_, leave) => {
  it('is answered for by every verb, and learns of the deletes when it is back', async () => {
    const back = await leave();
    expect(await add()).toMatchObject({ code: 11 });
    expect(await check(web)).toMatchObject({ code: 11 });
    expect(await status()).toMatchObject({ code: 50 });
    for (const pod of [web, db]) expect(await del(pod)).toMatchObject({ code: 0 });
    expect(await podDevices()).toEqual([]);
    await back();
    await expect.poll(() => site.node.listFolder('/run/axoneme/delete-queue')).toEqual([]);
    expect(JSON.parse(await site.cli('endpoint', 'list', '-o', 'json'))).toEqual([]);
    expect(JSON.parse(await site.cli('ipam', 'list', '-o', 'json')).addresses).toHaveLength(2);
    expect(await status()).toMatchObject({ code: 0 });
  });
});

describe('a daemon that is alive', () => {
  it('and has made no progress for long is called just that', async () => {
    site.daemon.signal('SIGSTOP');
    await ageHeartbeat(site.node, HUNG_MS + 4000);
    const message = expect.stringMatching(/axoneme daemon \(pid \d+\) is alive but has made no progress for 3[4-9] s/);
    expect(await add()).toMatchObject({ code: 11, message });
    expect(await check(web)).toMatchObject({ code: 11, message });
    expect(await status()).toMatchObject({ code: 50, message });
    site.daemon.signal('SIGCONT');
  });

  it('and stands still for some seconds is waited for, while STATUS says what it said last', async () => {
    const { daemon } = site;
    daemon.signal('SIGSTOP');
    const calls = [add(), check(web), del(db)];
    expect(await status()).toMatchObject({ code: 0 });
    await sleep(PAUSE_MS);
    expect(await stillOpen(calls)).toBe(3);
    daemon.signal('SIGCONT');
    expect(await Promise.all(calls)).toMatchObject([{ code: 0 }, { code: 0 }, { code: 0 }]);
    // by the daemon alone: nobody has left it a record
    expect(daemon.stderr).not.toContain('"replayed a delete"');
  });

  it('and dies is not waited for any more', async () => {
    const { daemon } = site;
    daemon.signal('SIGSTOP');
    const calls = [add(), check(web), del(db)];
    await sleep(PAUSE_MS);
    expect(await stillOpen(calls)).toBe(3);
    daemon.signal('SIGKILL');
    expect(await Promise.all(calls)).toMatchObject([{ code: 11 }, { code: 11 }, { code: 0 }]);
  });

  it('and takes long to start is waited for', async () => {
    await site.daemon.stop('SIGKILL');
    site.respawn();
    const { daemon } = site;
    await expect.poll(() => isStarting(site.node), { interval: 2 }).toBe(true);
    daemon.signal('SIGSTOP');
    const calls = [add(), check(web), del(db)];
    await sleep(PAUSE_MS);
    expect(await stillOpen(calls)).toBe(3);
    expect(await status()).toMatchObject({ code: 50 });
    daemon.signal('SIGCONT');
    expect(await Promise.all(calls)).toMatchObject([{ code: 0 }, { code: 0 }, { code: 0 }]);
    expect(daemon.stderr).not.toContain('"replayed a delete"');
  });
});

/** Longer than a call waits for a daemon that shows no sign of life, in milliseconds. */
const PAUSE_MS = 3000;

/** How many of these calls have not ended. */
async function stillOpen(calls: readonly Promise<unknown>[]): Promise<number> {
  const open = await Promise.all(calls.map((call) => Promise.race([call.then(() => false), sleep(0, true)])));
  return open.filter(Boolean).length;
}

describe('deletes that waited', () => {
  it('are replayed in the order in which they came', async () => {
    await site.daemon.stop('SIGKILL');
    for (const pod of [db, web]) await del(pod);
    await site.restart();
    const lines = site.daemon.stderr.split('\n').filter((line) => line.includes('"replayed a delete"'));
    expect(lines.map((line) => JSON.parse(line).containerId)).toEqual([db.containerId, web.containerId]);
  });
});

describe('STATUS', () => {
  it('is 51 while the pods are cut off as well, 50 while it is only about new ones', async () => {
    // Another device that has the index of axo_host keeps it from being made anew.
    const index = (await site.node.run(['cat', '/sys/class/net/axo_host/ifindex'])).trim();
    const taking = `ip link delete axo_host; ip link add other9 index ${index} type veth peer name other8`;
    await expect.poll(async () => (await site.node.exec(['sh', '-c', `${taking}; ip link show other9`])).code).toBe(0);
    await expect.poll(async () => (await status()).code).toBe(51);
    for (const pod of [web, db]) await site.delete(pod);
    expect(await status()).toMatchObject({ code: 50, message: expect.stringContaining('axo_host') });
    await site.node.run(['ip', 'link', 'delete', 'other9']);
    await expect.poll(async () => (await status()).code, { timeout: scaledTimeout(120_000) }).toBe(0);
  });
});

describe('a node whose pool is full and cannot grow', () => {
  it('says so by STATUS 50 until a pod goes, and refuses an ADD with code 100', async () => {
    await site[Symbol.asyncDispose]();
    const operator = { clusterPoolIPv4PodCIDRList: ['10.0.0.0/29'], clusterPoolIPv4MaskSize: 29 };
    site = await TestNode.open({ config: { ...dualStack, ipv6: { enabled: false }, ipam: { mode: 'cluster-pool', operator } } });
    expect(await status()).toMatchObject({ code: 0 });
    const pods = await site.pods('a', 'b', 'c', 'd', 'e');
    expect(await status()).toMatchObject({ code: 50, message: expect.stringContaining('default') });
    expect(await add()).toMatchObject({ code: 100 });
    await site.delete(pods[0] as Pod);
    expect(await status()).toMatchObject({ code: 0 });
  });
});
