import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  attachmentOf,
  diff,
  fillDisk,
  formatChanges,
  httpAnswer,
  interpose,
  type Pod,
  pause,
  Runtime,
  type SocketProxy,
  tcpEcho,
} from '../../test-harness/index.ts';
import { standalonePlugins } from '../fixtures/plugin-variants.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { type NodeState, TestNode } from '../fixtures/test-node.ts';

describe('an ADD through trouble', () => {
  let site: TestNode;
  /** Calls the cold executable: what speaks with the daemon over the socket that is disturbed here. */
  let runtime: Runtime;
  let proxy: SocketProxy;
  let before: NodeState;
  let pod: Pod;
  sharedFixture(async () => {
    site = await TestNode.open();
    const { pod: first } = await site.add('first');
    await site.delete(first);
    runtime = new Runtime(site.node, { pluginDirs: [await standalonePlugins(site.node)] });
    return site;
  });
  beforeEach(async () => {
    before = await site.state();
    proxy = await interpose(site.node, '/run/axoneme/axoneme.sock');
    pod = await site.node.addPod('victim');
  });
  afterEach(async () => {
    await proxy.lift();
    await runtime.del(site.network, attachmentOf(pod));
    await site.node.removePod(pod);
    // nothing is left, whatever happened
    const differences = async () => {
      const after = await site.state();
      return (
        formatChanges(diff(before.node, after.node)) +
        (after.tables.join() === before.tables.join() ? '' : ` tables ${after.tables.join()}`)
      );
    };
    await expect.poll(differences, { interval: 100 }).toBe('');
  });

  const add = () => runtime.add(site.network, attachmentOf(pod));

  it('waits for a daemon that is late', async () => {
    proxy.trouble({ delay: 300 });
    await add();
    expect(await tcpEcho(pod, site.outside)).toMatchObject({ reached: true });
  });

  it('waits for a daemon that hangs for a while', async () => {
    const fault = await pause(site.daemon);
    const added = add();
    setTimeout(() => void fault.lift(), 400);
    await added;
    expect(await tcpEcho(pod, site.outside)).toMatchObject({ reached: true });
  });

  // A daemon whose socket is missing ends: test/operations/run-folder.netns.test.ts.
  it('asks to be tried again when nobody listens', async () => {
    await proxy.refuse({ missing: false });
    await expect(add()).rejects.toMatchObject({ name: 'CniError', code: 11 });
  });

  it.each([
    ['hangs up', { close: true }],
    ['speaks no HTTP', { replace: 'nonsense\r\n\r\n' }],
    ['is cut short', { truncate: 30 }],
    ['answers something else', { answer: httpAnswer(200, { surprise: true }) }],
    ['fails', { answer: httpAnswer(500, 'oops') }],
  ] as const)('fails when the daemon %s, and leaves nothing', async (_, trouble) => {
    proxy.trouble(trouble);
    await expect(add()).rejects.toMatchObject({ name: 'CniError' });
  });

  it.each([/^PUT .*\/device/, /^PUT .*\/ready/])('is undone when the connection ends at %s', async (match) => {
    proxy.trouble({ match, close: true });
    await expect(add()).rejects.toMatchObject({ name: 'CniError' });
  });

  it('fails on a full disk, and leaves nothing', async () => {
    const fault = await fillDisk(site.node, '/run/axoneme/endpoints');
    try {
      await expect(add()).rejects.toMatchObject({ name: 'CniError' });
    } finally {
      await fault.lift();
      await site.node.run(['umount', '-n', '/run/axoneme/endpoints']);
    }
  });
});
