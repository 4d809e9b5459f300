import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attachmentOf, Lab, type Node, parseNetwork, Runtime } from '../../test-harness/index.ts';
import { daemonCommand, listen, listenAndRestart, socketPath, tryAgain } from '../fixtures/activated.ts';
import { dualStack, executables, shippedConflist } from '../fixtures/axoneme.ts';

/* The daemon behind a socket that somebody else listens on, as axoneme.socket does. */

const network = parseNetwork(readFileSync(shippedConflist, 'utf8'), shippedConflist);

let lab: Lab;
let node: Node;
let runtime: Runtime;
beforeEach(async () => {
  lab = await Lab.create({ nodes: { node1: {} } });
  node = lab.node('node1');
  runtime = new Runtime(node, { pluginDirs: [dirname(executables.plugin)] });
  await node.writeFile('/etc/axoneme/config.yaml', JSON.stringify(dualStack));
});
afterEach(() => lab.close());

const status = () => node.exec([executables.axoneme, 'status', '-o', 'json']);
const serving = () => expect.poll(async () => (await status()).code).toBe(0);
const inode = async () => (await node.run(['stat', '-c', '%i', socketPath])).trim();
const daemonPid = async (): Promise<number> => JSON.parse((await status()).stdout).daemon.pid;

describe('a daemon behind a passed socket', () => {
  it('is started by the first ADD, which it serves', async () => {
    await using service = await listen(node, daemonCommand);
    expect(service.stderr).not.toContain('axoneme daemon starts');
    const pod = await node.addPod('web');
    const result = await tryAgain(() => runtime.add(network, attachmentOf(pod)));
    expect(result.ips).toHaveLength(2);
    expect(service.stderr).toContain('"socket":"passed"');
    await runtime.check(network, attachmentOf(pod));
    await runtime.del(network, attachmentOf(pod));
  });

  it('leaves the socket where it is when it ends, and refuses to run twice', async () => {
    await using service = await listen(node, daemonCommand);
    await serving();
    const before = await inode();
    const second = await node.exec(daemonCommand);
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining(`another one serves ${socketPath}`)]);
    expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await inode()).toBe(before);
  });

  it('misses no call while it is killed and started again', async () => {
    await using _ = await listenAndRestart(node);
    await serving();
    const before = await daemonPid();
    for (const name of ['one', 'two', 'three']) {
      await node.run(['kill', '-KILL', String(await daemonPid())]);
      const pod = await node.addPod(name);
      await tryAgain(() => runtime.add(network, attachmentOf(pod)));
      await runtime.check(network, attachmentOf(pod));
      await runtime.del(network, attachmentOf(pod));
    }
    expect(await daemonPid()).not.toBe(before);
  });

  it('takes no other descriptor for a socket', async () => {
    const { code, stderr } = await node.exec(['sh', '-c', 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3</dev/null', 'sh', ...daemonCommand]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('take the socket of the service manager: descriptor 3 is no socket')]);
  });
});
