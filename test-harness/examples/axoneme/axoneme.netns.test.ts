import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { attachmentOf, Lab, type Network, type Node, type Pod, Runtime, type Service, snapshot } from 'axoneme/test-harness';
import 'axoneme/test-harness/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/* A plugin with a daemon: axoneme itself. AXONEME_BIN is the folder with `axoneme` and `axoneme-cni`; in a checkout the build makes them. */

const binaries = process.env['AXONEME_BIN'] ?? join(import.meta.dirname, '..', '..', '..', 'dist', 'bin');
const conflist = { cniVersion: '1.0.0', name: 'axoneme', plugins: [{ type: 'axoneme-cni' }] };

describe('axoneme', () => {
  let lab: Lab;
  let node: Node;
  let daemon: Service;
  let runtime: Runtime;
  let network: Network;

  const startDaemon = async (): Promise<void> => {
    daemon = node.spawn([join(binaries, 'axoneme'), 'daemon']);
    const isReady = async () => (await node.exec([join(binaries, 'axoneme'), 'status'])).code === 0;
    await daemon.waitUntil(isReady, 'answer to axoneme status');
  };
  const start = async (name: string): Promise<Pod> => {
    const pod = await node.addPod(name);
    await runtime.add(network, attachmentOf(pod));
    return pod;
  };

  beforeAll(async () => {
    expect(existsSync(join(binaries, 'axoneme-cni')), `axoneme-cni in ${binaries}`).toBe(true);
    lab = await Lab.create({ nodes: { node1: {} }, hosts: { outside: {} }, links: [{ between: ['node1', 'outside'] }] });
    node = lab.node('node1');
    await node.writeFile('/etc/cni/net.d/05-axoneme.conflist', JSON.stringify(conflist));
    await lab.announce(node, ['10.0.0.0/24']);
    await startDaemon();
    runtime = new Runtime(node, { pluginDirs: [binaries] });
    network = await runtime.network('axoneme');
  });
  afterAll(() => lab.close());

  it('connects pods with each other, the node and the world', async () => {
    const [web, db] = [await start('web'), await start('db')];
    for (const other of [db, node, lab.machine('outside')]) await expect(web).toReach(other, { tcp: 8080 });
    await runtime.check(network, attachmentOf(web));
  });

  it('refuses ADD with "try again later" while its daemon is away, and keeps running pods connected', async () => {
    const [left, right] = [await start('left'), await start('right')];
    await daemon.stop();
    await expect(left).toReach(right, { tcp: 8080 });
    const late = await node.addPod('late');
    await expect(runtime.add(network, attachmentOf(late))).rejects.toMatchObject({ name: 'CniError', code: 11 });
    await startDaemon();
    await runtime.add(network, attachmentOf(late));
    await expect(late).toReach(left, { tcp: 8080 });
  });

  it('leaves nothing of a pod that is gone', async () => {
    const ignore = /^\/run\/axoneme\//; // the daemon's own books
    const before = await snapshot(node, { ignore });
    const pod = await start('passing');
    await runtime.del(network, attachmentOf(pod));
    await node.removePod(pod);
    // DEL answers before the kernel has buried the device.
    const isBuried = async () => !(await node.run([join(binaries, 'axoneme'), 'endpoint', 'list'])).includes('disconnected');
    await daemon.waitUntil(isBuried, 'bury the device');
    await expect(node).toLeakNothing(before);
  });
});
