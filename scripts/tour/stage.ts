import { readFileSync } from 'node:fs';
import { dualStack, shippedConflist } from '../../test/fixtures/axoneme.ts';
import type { TestNode } from '../../test/fixtures/test-node.ts';
import { Lab, type Machine, type Network, type Node, type Pod, parseNetwork } from '../../test-harness/index.ts';

/** The tour's scene: one node, and an outside host behind it that knows the way to the node's pods. */
export interface Stage extends AsyncDisposable {
  readonly node: Node;
  readonly outside: Machine;
  readonly network: Network;
}

export async function buildStage(): Promise<Stage> {
  const lab = await Lab.create({ nodes: { node1: {} }, hosts: { outside: {} }, links: [{ between: ['node1', 'outside'] }] });
  const { clusterPoolIPv4PodCIDRList: v4, clusterPoolIPv6PodCIDRList: v6 } = dualStack.ipam.operator;
  await lab.announce(lab.machine('node1'), [...v4, ...v6]);
  return {
    node: lab.node('node1'),
    outside: lab.machine('outside'),
    network: parseNetwork(readFileSync(shippedConflist, 'utf8'), shippedConflist),
    [Symbol.asyncDispose]: () => lab.close(),
  };
}

/** A pod of the tour, with what its ADD gave it. */
export interface Guest {
  readonly pod: Pod;
  readonly addresses: readonly string[];
  readonly milliseconds: number;
}

export async function addGuest(axoneme: TestNode, name: string): Promise<Guest> {
  const started = performance.now();
  const { pod, result } = await axoneme.add(name);
  const addresses = (result.ips ?? []).map(({ address }) => address.replace(/\/\d+$/, ''));
  return { pod, addresses, milliseconds: performance.now() - started };
}
