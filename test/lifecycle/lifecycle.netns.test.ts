import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  attachmentOf,
  diff,
  EchoStream,
  expectNoChange,
  formatChanges,
  type Pod,
  ping,
  type Snapshot,
  snapshot,
  tcpEcho,
} from '../../test-harness/index.ts';
import { executables } from '../fixtures/axoneme.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

describe('traffic while the daemon ends and starts', () => {
  let site: TestNode;
  let pods: Pod[];
  let untouched: Snapshot;
  sharedFixture(async () => {
    site = await TestNode.open({}, async (node) => {
      untouched = await snapshot(node);
    });
    pods = await site.pods('web', 'db');
    return site;
  });

  /** Streams of both families, to a pod and to the outside, running while `disturb` does its work. */
  async function undisturbed(disturb: () => Promise<void>): Promise<void> {
    const [web, db] = pods as [Pod, Pod];
    const ways = [db, site.outside].flatMap((to) => ([4, 6] as const).map((family) => EchoStream.open(web, to, { family })));
    const streams = await Promise.all(ways);
    await sleep(100);
    const began = performance.now();
    await disturb();
    const took = performance.now() - began;
    await sleep(100);
    const reports = await Promise.all(streams.map((stream) => stream.stop()));
    for (const report of reports) {
      expect(report.failure).toBeUndefined();
      expect(report.echoed).toBe(report.sent);
      // a stream that stood still while nobody served would have a gap as long as that
      expect(report.longestGap).toBeLessThan(took);
    }
  }

  it('goes on when it is killed and started again', async () => {
    await undisturbed(async () => {
      site.daemon.signal('SIGKILL');
      await site.daemon.ended;
      await sleep(100);
      await site.restart();
    });
  });

  it('goes on when it ends by SIGTERM, which it does in order', async () => {
    await undisturbed(async () => {
      expect(await site.daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      await sleep(100);
      await site.restart();
    });
  });

  it('is set up for new pods and known for old ones after a restart', async () => {
    const before = await site.state();
    site.daemon.signal('SIGKILL');
    await site.daemon.ended;
    await site.restart();
    const after = await site.state();
    expectNoChange(before.node, after.node);
    expect(after.tables).toEqual(before.tables);
    const [late] = (await site.pods('late')) as [Pod];
    expect(await tcpEcho(late, pods[0] as Pod)).toMatchObject({ reached: true });
    for (const pod of [...pods, late]) await site.runtime.check(site.network, attachmentOf(pod));
    await site.delete(late);
    expectNoChange(before.node, (await site.state()).node);
  });

  it('of a pod deleted while the daemon was away is forgotten at its start', async () => {
    const before = await site.state();
    const [gone] = (await site.pods('gone')) as [Pod];
    await site.daemon.stop('SIGKILL');
    await site.delete(gone);
    await site.restart();
    await expect.poll(async () => formatChanges(diff(before.node, (await site.state()).node))).toBe('');
    expect((await site.state()).tables).toEqual(before.tables);
  });

  it('refuses a pod while the daemon is away, and leaves nothing of the attempt', async () => {
    await site.daemon.stop('SIGTERM');
    const before = await snapshot(site.node);
    await expect(site.add('early')).rejects.toMatchObject({ name: 'CniError', code: 11 });
    await expect(site.runtime.status(site.network)).rejects.toMatchObject({ code: 50 });
    const early = site.node.pods.get('early') as Pod;
    expect(await early.run(['ip', '-o', 'link'])).not.toContain('eth0');
    await site.node.removePod(early);
    expectNoChange(before, await snapshot(site.node));
    await site.restart();
  });

  it('ends with --cleanup, which leaves no trace', async () => {
    for (const pod of pods) await site.delete(pod);
    await site.daemon.stop('SIGTERM');
    await site.node.run([executables.axoneme, 'daemon', '--cleanup']);
    expectNoChange(await withoutCache(untouched as Snapshot), await withoutCache(await snapshot(site.node)));
  });
});

describe('--cleanup under living pods', () => {
  it('takes their devices too', async () => {
    let untouched: Snapshot | undefined;
    await using site = await TestNode.open({}, async (node) => {
      untouched = await snapshot(node);
    });
    const [pod] = (await site.pods('web')) as [Pod];
    await site.daemon.stop('SIGKILL');
    await site.node.run([executables.axoneme, 'daemon', '--cleanup']);
    expect(await pod.run(['ip', '-o', 'link'])).not.toContain('eth0');
    await site.node.removePod(pod);
    expectNoChange(await withoutCache(untouched as Snapshot), await withoutCache(await snapshot(site.node)));
    await site.restart();
    const { pod: again } = await site.add('again');
    expect(await ping(again, site.outside)).toMatchObject({ reached: true });
  });
});

/** The runtime's own cache is no trace of the plugin. */
async function withoutCache<T extends { sections: ReadonlyMap<string, ReadonlyMap<string, string>> }>(state: T): Promise<T> {
  const files = [...(state.sections.get('file') ?? [])].filter(([name]) => !name.startsWith('/var/lib/cni/'));
  return { ...state, sections: new Map([...state.sections, ['file', new Map(files)]]) };
}
