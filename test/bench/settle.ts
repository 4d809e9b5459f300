import { setTimeout as sleep } from 'node:timers/promises';
import type { Node, Pod } from '../../test-harness/index.ts';

/** Pods that are made beforehand, a few at a time: each costs a process on the node. */
export async function addPods(node: Node, name: string, count: number): Promise<Pod[]> {
  const pods: Pod[] = [];
  const worker = async (first: number) => {
    for (let i = first; i < count; i += WIDTH) pods[i] = await node.addPod(`${name}-${i}`);
  };
  await Promise.all(Array.from({ length: WIDTH }, (_, first) => worker(first)));
  return pods;
}

/** Takes the pods' namespaces away. */
export async function removePods(node: Node, pods: readonly Pod[]): Promise<void> {
  const worker = async (first: number) => {
    for (let i = first; i < pods.length; i += WIDTH) await node.removePod(pods[i] as Pod);
  };
  await Promise.all(Array.from({ length: WIDTH }, (_, first) => worker(first)));
}

const WIDTH = 4;

/** How many devices the node has. */
export async function deviceCount(node: Node): Promise<number> {
  using netlink = await node.netlink();
  return (await netlink.links.list()).length;
}

const PATIENCE_MS = 20_000;
const POLL_MS = 20;

/**
 * Waits until the node has no more devices than `count`: a DEL may answer before the kernel has buried the device, and what it still does must
 * burden nobody else's numbers. Throws after 20 s.
 */
export async function settled(node: Node, count: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const now = await deviceCount(node);
    if (now <= count) return;
    if (performance.now() > deadline)
      throw new Error(`wait until ${node.name} has ${count} devices: it has ${now} after ${PATIENCE_MS / 1000} s`);
    await sleep(POLL_MS);
  }
}
