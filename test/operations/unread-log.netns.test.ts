import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { attachmentOf, Lab, type Node, type Pod, parseNetwork, Runtime, type Service } from '../../test-harness/index.ts';
import { dualStack, executables, shippedConflist, shippedNetworkText } from '../fixtures/axoneme.ts';

/* The daemon's standard error is a pipe that is full and that nobody reads, as of a log collector that has stopped. */

const LOG = '/run/unread';
const DAEMON = `mkfifo ${LOG}
exec 3<>${LOG}
dd if=/dev/zero of=${LOG} bs=4096 oflag=nonblock 2>/dev/null
exec "$@" 2>${LOG}`;

let lab: Lab;
let node: Node;
let daemon: Service;
beforeEach(async () => {
  lab = await Lab.create();
  node = await lab.addNode('node1');
  await node.writeFile('/etc/axoneme/config.yaml', JSON.stringify(dualStack));
  daemon = node.spawn(['sh', '-c', DAEMON, 'sh', executables.axoneme, 'daemon', '--config', '/etc/axoneme/config.yaml']);
});
afterEach(() => lab.close());

it('serves ADD, STATUS and DEL beside a log that nobody reads, and the log tells it all when somebody does', async () => {
  const isReady = async () => (await node.exec([executables.axoneme, 'status'])).code === 0;
  await daemon.waitUntil(isReady, 'be ready', 60_000);
  const runtime = new Runtime(node, { pluginDirs: [join(executables.plugin, '..'), '/usr/lib/cni'] });
  const network = parseNetwork(shippedNetworkText(), shippedConflist);
  const pods: Pod[] = [];
  for (let i = 0; i < 5; i += 1) {
    const pod = await node.addPod(`web-${i}`);
    await runtime.add(network, attachmentOf(pod));
    pods.push(pod);
  }
  await runtime.status(network);
  for (const pod of pods) await runtime.del(network, attachmentOf(pod));
  // Read until what the daemon holds has come: one line for each call and more.
  const { stdout } = await node.exec(['timeout', '3', 'cat', LOG]);
  const log = stdout.replaceAll('\0', '');
  expect(log).toContain('axoneme daemon starts');
  for (const pod of pods) expect(log).toContain(pod.containerId);
});
