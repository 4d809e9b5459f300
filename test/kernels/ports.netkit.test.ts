import { afterAll, beforeAll, expect, it } from 'vitest';
import { attachmentOf, type Pod, parseNetwork, tcpEcho } from '../../test-harness/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { TestNode } from '../fixtures/test-node.ts';
import { patiently } from '../fixtures/try-again.ts';

/* A pod whose packets go through the node's stack (docs/decisions/0024-plugin-chaining.md), though its program runs where no device has seen them. */

const capabilities = { portMappings: true };
const plugins = [
  { type: 'axoneme-cni', capabilities },
  { type: 'portmap', capabilities },
];
const network = parseNetwork(JSON.stringify({ cniVersion: '1.0.0', name: 'ports', plugins }));
/** The same port on the node and in the pod, so that one echo serves for both. */
const PORT = 8080;
const timeout = 10_000;

let site: TestNode;
let web: Pod;
let plain: Pod;
beforeAll(async () => {
  site = await TestNode.open({ network, config: { ...dualStack, bpf: { datapathMode: 'netkit' } } });
  await site.node.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  const add = async (name: string, portMappings: readonly object[]) => {
    const pod = await site.node.addPod(name);
    await patiently(() => site.runtime.add(network, attachmentOf(pod, { capabilityArgs: { portMappings } })));
    return pod;
  };
  web = await add('web', [{ hostPort: PORT, containerPort: PORT, protocol: 'tcp' }]);
  plain = await add('plain', []);
});
afterAll(() => site[Symbol.asyncDispose]());

it.each([4, 6] as const)('a pod by netkit serves a port of the node to the outside and to other pods, IPv%i', async (family) => {
  const address = await site.node.address(family);
  for (const from of [site.outside, plain])
    expect(await tcpEcho(from, web, { family, address, port: PORT, timeout })).toMatchObject({ reached: true });
  for (const [from, to] of [
    [web, plain],
    [plain, web],
    [web, site.outside],
  ] as const)
    expect(await tcpEcho(from, to, { family, timeout })).toMatchObject({ reached: true });
});
