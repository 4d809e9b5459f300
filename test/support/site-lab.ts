import { Lab } from '../../test-harness/index.ts';
import { dualStack } from './axoneme.ts';

/** MTU of the cable behind the node's router: smaller than the node's own, so that path MTU discovery has something to discover. */
export const NARROW = 1300;

/** The pod networks of {@link dualStack}. */
const podNetworks = [...dualStack.ipam.operator.clusterPoolIPv4PodCIDRList, ...dualStack.ipam.operator.clusterPoolIPv6PodCIDRList];

/** A node `node1`, a router that knows the way to its pods, and a host `outside` behind a narrower cable. */
export async function siteLab(): Promise<Lab> {
  const lab = await Lab.create({
    nodes: { node1: {} },
    routers: { gateway: {} },
    hosts: { outside: {} },
    links: [{ between: ['node1', 'gateway'] }, { between: ['gateway', 'outside'], mtu: NARROW }],
  });
  try {
    await lab.announce(lab.node('node1'), podNetworks);
    return lab;
  } catch (error) {
    await lab.close();
    throw error;
  }
}
