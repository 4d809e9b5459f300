import { fileURLToPath } from 'node:url';
import { attachmentOf, Lab, type Network, type Node, type Pod, Runtime, snapshot } from 'axoneme/test-harness';
import 'axoneme/test-harness/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/* A plugin of 40 lines of bash, installed on a node of a lab and tested like any other. */

const plugin = fileURLToPath(new URL('bash-cni.sh', import.meta.url));

const conflist = {
  cniVersion: '1.0.0',
  name: 'bash',
  plugins: [{ type: 'bash-cni', ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24' }], [{ subnet: 'fd88::/64' }]] } }],
};

describe('bash-cni', () => {
  let lab: Lab;
  let node: Node;
  let runtime: Runtime;
  let network: Network;

  const start = async (name: string): Promise<Pod> => {
    const pod = await node.addPod(name);
    await runtime.add(network, attachmentOf(pod));
    return pod;
  };

  beforeAll(async () => {
    lab = await Lab.create({ nodes: { node1: {} }, hosts: { outside: {} }, links: [{ between: ['node1', 'outside'] }] });
    node = lab.node('node1');
    await lab.announce(node, ['10.88.0.0/24', 'fd88::/64']);
    // /opt of a node is a layer of its own: the machine's is not written
    await node.run(['install', '-D', '-m', '755', plugin, '/opt/cni/bin/bash-cni']);
    await node.writeFile('/etc/cni/net.d/10-bash.conflist', JSON.stringify(conflist));
    runtime = new Runtime(node);
    network = await runtime.network('bash');
  });
  afterAll(() => lab.close());

  it('connects pods with each other, the node and the world, over IPv4 and IPv6', async () => {
    const [web, db] = [await start('web'), await start('db')];
    for (const other of [db, node, lab.machine('outside')]) {
      await expect(web).toReach(other, { tcp: 8080 });
      await expect(other).toReach(web, { udp: 53 });
    }
  });

  it('passes CHECK, and fails it when an address is gone', async () => {
    const pod = await start('checked');
    await runtime.check(network, attachmentOf(pod));
    await pod.run(['ip', 'addr', 'flush', 'dev', 'eth0']);
    await expect(runtime.check(network, attachmentOf(pod))).rejects.toMatchObject({ name: 'CniError', code: 102 });
  });

  it('refuses a second ADD and leaves the first as it is', async () => {
    const pod = await start('twice');
    await expect(runtime.add(network, attachmentOf(pod))).rejects.toThrow('eth0 exists in the pod');
    await expect(pod).toReach(node, { tcp: 8080 });
  });

  it('leaves nothing behind, however often DEL comes', async () => {
    const ignore = /last_reserved_ip/; // host-local's memory of where it was
    const before = await snapshot(node, { ignore });
    const pod = await start('passing');
    await runtime.del(network, attachmentOf(pod));
    await runtime.del(network, { ...attachmentOf(pod), netns: '' });
    await node.removePod(pod);
    await expect(node).toLeakNothing(before);
  });

  it('says which versions it speaks', async () => {
    expect((await runtime.version('bash-cni')).supportedVersions).toEqual(['1.0.0']);
  });
});
